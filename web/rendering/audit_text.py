"""Lines of the audit as text in one language: the act, and each field before and after."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from facility.acting.auditing import AuditLine
from facility.acting.permissions import ROLE_LABELS, Act, Role
from facility.experiments.drafts import EXPERIMENT_STATE_LABELS, Tolerance
from facility.people.people import STATE_WORDS as PERSON_STATES
from schemas import times
from schemas.site import Site
from web.rendering.formatting import NO_VALUE, day, moment
from web.rendering.labels import ACT_LABELS, FIELD_LABELS, SCOPE_LABELS
from web.rendering.limits import tolerance_text
from web.rendering.texts import N_, translate_message

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)")
_FREE_TEXT = frozenset({"title", "objective", "description", "note", "reason", "name"})
# Row numbers that mean nothing outside the tables.
_INTERNAL = frozenset({"assignment"})
_EMPTY: tuple[object, ...] = (None, "", [], (), {})
_STATES = EXPERIMENT_STATE_LABELS | PERSON_STATES


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field before and after, as text; None where the subject did not exist before, or does not any more."""

    field: str
    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class AuditText:
    """Writes audit lines in one language. `codes` are the codes of experiments by their row number."""

    site: Site
    language: str
    gettext: Callable[[str], str]
    codes: Mapping[int, str] = field(default_factory=dict)

    def act(self, line: AuditLine, experiment: int | None = None) -> str:
        """Return the act's label; in the history of one experiment also whether another took its place."""
        replaced = experiment is not None and (line.after or {}).get("experiment") != experiment
        if line.subject == "cell" and line.act == Act.ASSIGN and replaced:
            return self.gettext(N_("experiment in a cell replaced by another"))
        if line.act == Act.ASSIGNMENT_CORRECT and line.before is None:
            return self.gettext(N_("past assignment added"))
        known = line.act in set(Act) and Act(line.act) in ACT_LABELS
        return self.gettext(ACT_LABELS[Act(line.act)]) if known else line.act

    def differences(self, line: AuditLine) -> list[FieldChange]:
        """Return the fields that differ before and after."""
        before, after = line.before or {}, line.after or {}
        return [
            FieldChange(
                field=name,
                label=self.gettext(FIELD_LABELS[name]) if name in FIELD_LABELS else name,
                before=self.value(name, before.get(name)) if before else None,
                after=self.value(name, after.get(name)) if after else None,
            )
            for name in dict.fromkeys((*before, *after))
            if name not in _INTERNAL and _non_empty(before, name) != _non_empty(after, name)
        ]

    def value(self, name: str, value: Any) -> str:
        """Write a field's value as text; one that this version does not understand is written as it is kept."""
        if value in _EMPTY:
            return NO_VALUE
        writers: dict[str, Callable[[Any], str]] = {
            "experiment": self._experiment,
            "state": self._state,
            "role": self._role,
            "scope": self._scope,
            "planned_start": self._day,
            "planned_end": self._day,
            "parameters": self._parameters,
        }
        if name in _FREE_TEXT and isinstance(value, str):
            return value
        return writers.get(name, self._any)(value)

    def _any(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.gettext(N_("yes")) if value else self.gettext(N_("no"))
        if isinstance(value, str):
            if _INSTANT.fullmatch(value):
                return moment(times.from_text(value), self.site.zone, self.language)
            return value
        if isinstance(value, (list, tuple)) and all(isinstance(item, (str, int, float)) for item in value):
            return ", ".join(map(str, value))
        return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, (dict, list)) else str(value)

    def _experiment(self, value: Any) -> str:
        return self.codes.get(value, f"#{value}") if isinstance(value, int) else self._any(value)

    def _state(self, value: Any) -> str:
        known = isinstance(value, str) and value in _STATES
        return translate_message(self.gettext, _STATES[value]) if known else self._any(value)

    def _role(self, value: Any) -> str:
        known = isinstance(value, str) and value in set(Role)
        return translate_message(self.gettext, ROLE_LABELS[Role(value)]) if known else self._any(value)

    def _scope(self, value: Any) -> str:
        known = isinstance(value, str) and value in SCOPE_LABELS
        return self.gettext(SCOPE_LABELS[value]) if known else self._any(value)

    def _day(self, value: Any) -> str:
        try:
            date_value = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            return str(value)
        return day(date_value, self.site.zone, self.language) if isinstance(date_value, date) else str(value)

    def _parameters(self, value: Any) -> str:
        if not isinstance(value, (list, tuple)):
            return self._any(value)
        return "\n".join(self._tolerance(item) for item in value)

    def _tolerance(self, item: Any) -> str:
        """Write a tolerance; the audit also keeps those of versions that had other fields."""
        try:
            tolerance = Tolerance.model_validate(item)
        except ValidationError:
            return json.dumps(item, ensure_ascii=False)
        return tolerance_text(self.site, tolerance, self.language, self.gettext)


def _non_empty(members: Mapping[str, object], name: str) -> Any:
    """Return a member, None where it is empty: an empty text that was not there before is no change."""
    value = members.get(name)
    return None if value in _EMPTY else value
