"""Two people changed the same experiment: what each changed, laid side by side, field by field."""

from dataclasses import dataclass

from facility.acting.acts import Actor
from facility.acting.auditing import AuditLine, history_of
from facility.acting.refusals import Invalid
from facility.experiments.drafts import ExperimentChange
from facility.experiments.views import ExperimentView
from storage.database import Sessions
from web.experiments.changes import FIELD_WORDS, ShownChange, Teller
from web.experiments.form_values import FIELDS, ExperimentFormValues, comparable, values
from web.experiments.word_differences import Pieces, word_differences
from web.http.forms import parse


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in both versions, in pieces that tell what stands in one alone.

    `usual` is the version that nobody would object to, or empty where both changed the field.
    """

    field: str
    word: str
    mine: Pieces
    saved: Pieces
    usual: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What differs, those that must be chosen first; and what the others did meanwhile."""

    differences: tuple[Difference, ...]
    meanwhile: tuple[ShownChange, ...]


def merge_changes(teller: Teller, mine: ExperimentFormValues, view: ExperimentView, since: list[AuditLine]) -> Merge:
    """Compare what was typed with what is kept, knowing from the audit how it stood when the typing began."""
    saved = view.model_dump(mode="json")
    typed = _typed_values(mine, saved)
    before: dict[str, object] = {}
    for line in since:
        # The newest first: what the oldest change found is how it stood.
        before |= line.before or {}
    found = []
    for field in FIELDS:
        own, kept = comparable(field, typed[field]), comparable(field, saved[field])
        if own == kept:
            continue
        if field not in before and since:
            usual = "mine"
        else:
            usual = "saved" if field in before and own == comparable(field, before[field]) else ""
        sides = word_differences(teller.value(field, typed[field]), teller.value(field, saved[field]))
        found.append(Difference(field, teller.gettext(FIELD_WORDS[field]), *sides, usual))
    found.sort(key=lambda one: bool(one.usual))
    return Merge(tuple(found), tuple(teller.change(line, view.id) for line in since))


def _typed_values(mine: ExperimentFormValues, saved: dict[str, object]) -> dict[str, object]:
    """Return what was typed as it would be kept; what cannot be understood is shown as it stands."""
    try:
        return parse(ExperimentChange, values(mine) | {"version": saved["version"]}).model_dump(mode="json")
    except Invalid:
        return {name: mine.text(name) for name in FIELDS} | {
            "cells": list(mine.cells),
            "parameters": saved["parameters"],
        }


def changes_since(sessions: Sessions, actor: Actor, view: ExperimentView, base: int) -> list[AuditLine]:
    """Return the changes after a version, the newest first: each has raised it by one. Empty where that is unknown."""
    lines = [line for line in history_of(sessions, actor, "experiment", view.id) if line.before is not None]
    count = view.version - base
    return lines[:count] if 0 < count <= len(lines) else []
