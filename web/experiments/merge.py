"""Merge of two concurrent changes of an experiment: both versions side by side, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass

from facility.acting.acts import Actor
from facility.acting.auditing import AuditLine, history_of
from facility.acting.refusals import Invalid
from facility.experiments.drafts import ExperimentChange
from facility.experiments.views import ExperimentView
from storage.database import Sessions
from web.experiments.changes import ExperimentHistoryEntry, history_entries
from web.experiments.form_values import FIELDS, ExperimentFormValues, comparable, values
from web.experiments.word_differences import Pieces, word_differences
from web.http.forms import parse
from web.rendering.audit_text import AuditText
from web.rendering.labels import EXPERIMENT_FIELD_LABELS


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field in both versions, in pieces that mark what is in one of them alone.

    `default` is "mine" or "saved", the version that alone was changed; empty where both were.
    """

    field: str
    word: str
    mine: Pieces
    saved: Pieces
    default: str


@dataclass(frozen=True, slots=True)
class Merge:
    """The fields that differ, those that need a choice first, and the changes of others since."""

    differences: tuple[MergeField, ...]
    meanwhile: tuple[ExperimentHistoryEntry, ...]


def merge_changes(
    text: AuditText,
    mine: ExperimentFormValues,
    view: ExperimentView,
    since: list[AuditLine],
    names: Mapping[str, str],
) -> Merge:
    """Compare the form with the saved version; `since` are the changes made after the form was loaded, newest first."""
    saved = view.model_dump(mode="json")
    submitted = _submitted_values(mine, saved)
    before: dict[str, object] = {}
    for line in since:
        # The newest first: what the oldest change found is how it stood.
        before |= line.before or {}
    found = []
    for field in FIELDS:
        own, kept = comparable(field, submitted[field]), comparable(field, saved[field])
        if own == kept:
            continue
        if field not in before and since:
            default = "mine"
        else:
            default = "saved" if field in before and own == comparable(field, before[field]) else ""
        sides = word_differences(text.value(field, submitted[field]), text.value(field, saved[field]))
        found.append(MergeField(field, text.gettext(EXPERIMENT_FIELD_LABELS[field]), *sides, default))
    found.sort(key=lambda item: bool(item.default))
    return Merge(tuple(found), history_entries(text, since, view.id, names))


def _submitted_values(mine: ExperimentFormValues, saved: dict[str, object]) -> dict[str, object]:
    """Return the form's values as they would be saved; one that is not valid is returned as it was typed."""
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
