"""An experiment's history of changes: who, when, which act, and each field before and after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from facility.acting.auditing import AuditLine
from web.rendering.audit_text import AuditText, FieldChange
from web.rendering.labels import EXPERIMENT_FIELD_LABELS


@dataclass(frozen=True, slots=True)
class ExperimentHistoryEntry:
    """An entry of the history; `person` is a display name."""

    at: datetime
    person: str
    act: str
    cell: str
    reason: str
    fields: tuple[FieldChange, ...]


def history_entries(
    text: AuditText, lines: Iterable[AuditLine], experiment: int, names: Mapping[str, str]
) -> tuple[ExperimentHistoryEntry, ...]:
    """Return audit lines as entries in the history of an experiment; `names` are display names by login."""
    return tuple(
        ExperimentHistoryEntry(
            at=line.at,
            person=names.get(line.actor, line.actor),
            act=text.act(line, experiment),
            cell=line.subject_id if line.subject == "cell" else "",
            reason=str((line.after or {}).get("reason", "")),
            fields=_changed_fields(text, line),
        )
        for line in lines
    )


def _changed_fields(text: AuditText, line: AuditLine) -> tuple[FieldChange, ...]:
    if line.subject != "experiment" or line.before is None:
        return ()
    return tuple(change for change in text.differences(line) if change.field in EXPERIMENT_FIELD_LABELS)
