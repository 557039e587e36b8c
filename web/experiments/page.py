"""`/experiments/<id>`: all about one, its live values against its own limits, its cells, its changes."""

from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.auditing import changes_of_experiment, names_behind
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.assignments.assigning import ASSIGNABLE
from facility.assignments.views import Occupant, assignments_of_experiment, occupants_now
from facility.experiments.changing import TRANSITIONS
from facility.experiments.drafts import EXPERIMENT_STATE_LABELS
from facility.experiments.views import ExperimentView, get_experiment
from facility.notes.annotations import AnnotationQuery, find_annotations
from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction
from telemetry.retired import site_with_cells
from web.experiments.changes import history_entries
from web.experiments.days import chart, readings_address
from web.experiments.verdict import ICONS, LiveRow, judge, kind, sentences
from web.http.query_parameters import RowId
from web.http.refusals import refusal_text
from web.live.snapshot import Snapshot
from web.notes.form import form_context
from web.rendering.audit_text import AuditText
from web.rendering.cell_view import show_cells
from web.rendering.formatting import span_text
from web.rendering.limits import limits_of, limits_text, own_limits, tolerance_text
from web.rendering.pages import describe_site, language_of, page, page_gettext, translated_messages
from web.rendering.texts import N_
from web.requests import HttpRequest

NOTES_SHOWN = 20

# The word on the button of each way from state to state; those of ASKED end or hide something and ask first.
MOVES = {
    ("draft", "planned"): N_("Plan it"),
    ("draft", "archived"): N_("Archive"),
    ("planned", "draft"): N_("Back to draft"),
    ("planned", "running"): N_("Start it"),
    ("planned", "archived"): N_("Archive"),
    ("running", "ended"): N_("End the experiment"),
    ("ended", "running"): N_("Resume"),
    ("ended", "archived"): N_("Archive"),
    ("archived", "ended"): N_("Back to ended"),
    ("archived", "draft"): N_("Back to draft"),
}
CONFIRMATIONS = {
    "ended": N_("Its cells become free now. The readings and the history stay."),
    "archived": N_("It leaves the plan and the lists of what can be put into cells; nothing is deleted."),
}
DONE = {
    "saved": N_("Saved."),
    "created": N_("The experiment is created."),
    "moved": N_("The state is changed."),
    "assigned": N_("The experiment is in the cells now."),
    "ended": N_("The cells are free now."),
}


@get("/experiments/{experiment:int}", opt={"act": Act.EXPERIMENTS_READ}, include_in_schema=False, sync_to_thread=True)
def experiment_page(
    request: HttpRequest,
    *,
    experiment: RowId,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    done: FromQuery[str] = "",
) -> Template:
    """Show the page of an experiment."""
    view = ExperimentPageBuilder(request, sessions, actor, site, snapshot)
    return view.answer(experiment, done=done)


@dataclass(frozen=True, slots=True)
class ExperimentPageBuilder:
    """The experiment's page, also after an act on it was refused."""

    request: HttpRequest
    sessions: Reads
    actor: Actor
    site: Site
    snapshot: Snapshot

    def answer(self, number: int, *, done: str = "", refusal: Refusal | None = None, chosen: Any = ()) -> Template:
        """Render the page; with a refusal its words and status, and what was chosen stays chosen."""
        experiment = get_experiment(self.sessions, self.actor, number)
        assignments = assignments_of_experiment(self.sessions, self.actor, number)
        gettext, language = page_gettext(self.request), language_of(self.request)
        limits = limits_of(self.site, experiment)
        with self.sessions.reading() as session:
            described = site_with_cells(session, self.site, [assignment.cell for assignment in assignments])
        snapshot = in_its_cells(self.snapshot, experiment)
        cell_views = show_cells(self.site, snapshot)
        rows = [
            LiveRow(cell_views[code], tuple(cell_views[code].value(limit) for limit in limits))
            for code in experiment.cells_now
            if code in cell_views
        ]
        judged = judge(rows)
        context = {
            "snapshot": snapshot,
            "x": experiment,
            "assignments": assignments,
            "rows": rows,
            "limits": limits,
            "limits_text": lambda item: limits_text(item.limits, item.parameter.unit, language),
            "tolerance_lines": [
                tolerance_text(self.site, parameter, language, gettext) for parameter in experiment.parameters
            ],
            "verdict_kind": kind(judged),
            "verdict_icon": ICONS[kind(judged)],
            "verdict_words": sentences(judged, gettext),
            "lasts": lambda start, end: span_text(((end or times.now()) - start).total_seconds(), language),
            "readings_address": lambda item: readings_address(item, limits, described),
            "moves": self.moves(experiment),
            "changes": self.changes(number, language),
            "experiment_states": translated_messages(self.request, EXPERIMENT_STATE_LABELS),
            "occupied": occupied(self.sessions, self.actor),
            "may_change": self.actor.may(Act.EXPERIMENT_CHANGE),
            "may_assign": self.actor.may(Act.ASSIGN) and experiment.state in ASSIGNABLE,
            "may_end": self.actor.may(Act.UNASSIGN),
            "chart": chart(described, experiment, assignments, limits),
            "described": described,
            "site_description": describe_site(described),
            **self._notes(number),
            "done": gettext(DONE[done]) if done in DONE else "",
            "message": self._message(refusal, language),
            "chosen": chosen,
        }
        status = 200 if refusal is None else refusal_text(self.request, refusal, language).status
        return page(self.request, "experiments/experiment.html", context, current="experiments", status_code=status)

    def _notes(self, number: int) -> dict[str, Any]:
        """Return the newest notes that belong to the experiment, and words for them."""
        query = AnnotationQuery(experiment=number, withdrawn=False, limit=NOTES_SHOWN)
        notes, total = find_annotations(self.sessions, self.actor, query)
        return form_context(self.request, self.site, "") | {"notes": notes, "notes_in_all": total}

    def moves(self, experiment: ExperimentView) -> list[tuple[str, str, str]]:
        """Return the possible next states, each with its button's label and the question before it ("" for none)."""
        gettext = page_gettext(self.request)
        return [
            (
                then,
                gettext(MOVES[experiment.state, then]),
                gettext(CONFIRMATIONS[then]) if self._needs_confirmation(experiment, then) else "",
            )
            for then in TRANSITIONS[experiment.state]
        ]

    def changes(self, number: int, language: str) -> Any:
        lines = changes_of_experiment(self.sessions, self.actor, number)
        names = names_behind(self.sessions, self.actor, lines)
        return history_entries(AuditText(self.site, language, page_gettext(self.request)), lines, number, names)

    @staticmethod
    def _needs_confirmation(experiment: ExperimentView, then: str) -> bool:
        return then in CONFIRMATIONS and (experiment.state, then) != ("archived", "ended")

    def _message(self, refusal: Refusal | None, language: str) -> str:
        """Return why the act was refused; where single fields are wrong, the errors of the fields."""
        if refusal is None:
            return ""
        text = refusal_text(self.request, refusal, language)
        return " ".join(text.fields.values()) or text.message


def in_its_cells(snapshot: Snapshot, experiment: ExperimentView) -> Snapshot:
    """Return the snapshot with the experiment and its limits in its cells, as in the database."""
    limits = {code: limit.model_dump(exclude_none=True) for code, limit in own_limits(experiment).items()}
    own = {"id": experiment.id, "code": experiment.code, "title": experiment.title, "state": experiment.state}
    snapshot_experiments = snapshot["experiments"]
    here = {cell: snapshot_experiments.get(cell, {}) | own | {"limits": limits} for cell in experiment.cells_now}
    return {**snapshot, "experiments": snapshot_experiments | here}


def occupied(sessions: Reads, actor: Actor) -> dict[str, Occupant]:
    """Return what each occupied cell holds; for the form that puts the experiment into cells."""
    return {item.cell: item.experiment for item in occupants_now(sessions, actor)}
