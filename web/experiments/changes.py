"""What was done to an experiment, in words: who, when, and each field before and after."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from facility.acting.auditing import AuditLine
from facility.acting.permissions import Act
from facility.experiments.drafts import STATE_WORDS, Tolerance
from schemas.site import Site
from web.rendering.formatting import NO_VALUE, day
from web.rendering.limits import tolerance_text
from web.rendering.texts import N_, translate_message

FIELD_WORDS = {
    "title": N_("Title"),
    "code": N_("Code"),
    "team": N_("Team"),
    "scientific_contact": N_("Scientific contact"),
    "technical_contact": N_("Technical contact"),
    "objective": N_("Objective"),
    "description": N_("Description"),
    "planned_start": N_("First planned day"),
    "planned_end": N_("Last planned day"),
    "state": N_("State"),
    "cells": N_("Planned cells"),
    "parameters": N_("Parameters of interest"),
}
_ACT_WORDS = {
    Act.EXPERIMENT_CREATE: N_("created the experiment"),
    Act.EXPERIMENT_CHANGE: N_("changed the description"),
    Act.EXPERIMENT_MOVE: N_("changed the state"),
    Act.ASSIGN: N_("put it into {cell}"),
    Act.UNASSIGN: N_("ended it in {cell}"),
    Act.ASSIGNMENT_CORRECT: N_("corrected its times in {cell}"),
    Act.ASSIGNMENT_WITHDRAW: N_("withdrew its time in {cell}"),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """A field before and after, as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A line of the history of changes."""

    at: datetime
    who: str
    what: str
    reason: str
    fields: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """Says values and changes in one language."""

    site: Site
    language: str
    gettext: Callable[[str], str]
    names: Mapping[str, str] = field(default_factory=dict)

    def change(self, line: AuditLine, experiment: int) -> ShownChange:
        """Return a line of the audit as people read it."""
        before, after = line.before or {}, line.after or {}
        what = self.gettext(_ACT_WORDS.get(Act(line.act), line.act)) if line.act in set(Act) else line.act
        if line.subject == "cell" and line.act == Act.ASSIGN and after.get("experiment") != experiment:
            what = self.gettext("replaced it in {cell} by another experiment")
        if line.act == Act.ASSIGNMENT_CORRECT and line.before is None:
            what = self.gettext("noted afterwards that it was in {cell}")
        fields: tuple[Changed, ...] = ()
        if line.subject == "experiment" and line.before is not None:
            fields = tuple(
                Changed(self.gettext(FIELD_WORDS[name]), self.value(name, before.get(name)), self.value(name, value))
                for name, value in after.items()
                if name in FIELD_WORDS
            )
        return ShownChange(
            at=line.at,
            who=self.names.get(line.actor, line.actor),
            what=what.format(cell=line.subject_id),
            reason=str(after.get("reason", "")),
            fields=fields,
        )

    def value(self, field: str, value: Any) -> str:
        """Write a field's value as text: what the audit keeps, or what an experiment holds."""
        if value in (None, "", [], ()):
            return NO_VALUE
        said: Mapping[str, Callable[[Any], str]] = {
            "state": self._state,
            "cells": ", ".join,
            "parameters": self._parameters,
            "planned_start": self._day,
            "planned_end": self._day,
        }
        return said.get(field, str)(value)

    def _state(self, value: str) -> str:
        return translate_message(self.gettext, STATE_WORDS[value]) if value in STATE_WORDS else value

    def _day(self, value: str | date) -> str:
        when = date.fromisoformat(value) if isinstance(value, str) else value
        return day(when, self.site.zone, self.language)

    def _parameters(self, value: list[Any]) -> str:
        return "\n".join(self._tolerance(one) for one in value)

    def _tolerance(self, one: Any) -> str:
        """Write a tolerance; the audit also keeps those of versions that knew other members."""
        try:
            known = Tolerance.model_validate(one)
        except ValidationError:
            return json.dumps(one, ensure_ascii=False)
        return tolerance_text(self.site, known, self.language, self.gettext)
