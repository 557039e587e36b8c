"""`/api/experiments`: make, find and change experiments; where they are and were."""

from typing import Annotated, Literal

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from facility.acting.acts import Actor
from facility.acting.auditing import AuditLine, history_of
from facility.acting.permissions import Act
from facility.assignments.views import AssignmentView, assignments_of_experiment
from facility.experiments.changing import change_experiment, create_experiment
from facility.experiments.drafts import ExperimentChange, ExperimentDraft, ExperimentState
from facility.experiments.views import (
    ExperimentPage,
    ExperimentQuery,
    ExperimentView,
    Sort,
    get_experiment,
    list_experiments,
)
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems
from web.http.query_parameters import RowId


class ExperimentController(Controller):
    path = "/api/experiments"
    tags = ("experiments",)

    @get(opt={"act": Act.EXPERIMENTS_READ}, responses=problems(), sync_to_thread=True)
    def experiments(
        self,
        *,
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        search: Annotated[str, QueryParameter(max_length=200)] = "",
        states: Annotated[list[ExperimentState] | None, QueryParameter(name="state")] = None,
        cell: Annotated[str, QueryParameter(max_length=64)] = "",
        sort: FromQuery[Sort] = "updated_at",
        order: FromQuery[Literal["asc", "desc"]] = "desc",
        offset: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    ) -> ExperimentPage:
        """List experiments whose texts contain every word of `search`, in or planned for `cell`, now or earlier."""
        query = ExperimentQuery(
            search=search,
            state=tuple(states or ()),
            cell=cell,
            sort=sort,
            descending=order == "desc",
            offset=offset,
            limit=limit,
        )
        return list_experiments(sessions, actor, query)

    @post(opt={"act": Act.EXPERIMENT_CREATE}, responses=problems(422), sync_to_thread=True)
    def create(
        self, data: JSONBody[ExperimentDraft], writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> ExperimentView:
        """Make an experiment."""
        return create_experiment(writing, actor, data)

    @get("/{experiment:int}", opt={"act": Act.EXPERIMENTS_READ}, responses=problems(404), sync_to_thread=True)
    def experiment(
        self, experiment: RowId, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> ExperimentView:
        """Return an experiment with all about it."""
        return get_experiment(sessions, actor, experiment)

    @patch(
        "/{experiment:int}",
        opt={"act": Act.EXPERIMENT_CHANGE},
        responses=problems(404, 409, 422),
        sync_to_thread=True,
    )
    def change(
        self,
        experiment: RowId,
        data: JSONBody[ExperimentChange],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> ExperimentView:
        """Change what is given. 409 with the present experiment when `version` is not the newest."""
        return change_experiment(writing, actor, experiment, data)

    @get(
        "/{experiment:int}/assignments",
        opt={"act": Act.EXPERIMENTS_READ},
        responses=problems(404),
        sync_to_thread=True,
    )
    def assignments(
        self, experiment: RowId, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> list[AssignmentView]:
        """Return where the experiment is and was, the newest first."""
        get_experiment(sessions, actor, experiment)
        return assignments_of_experiment(sessions, actor, experiment)

    @get("/{experiment:int}/changes", opt={"act": Act.EXPERIMENTS_READ}, responses=problems(404), sync_to_thread=True)
    def changes(
        self, experiment: RowId, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> list[AuditLine]:
        """Return who changed the experiment, when, and what was before and after."""
        get_experiment(sessions, actor, experiment)
        return history_of(sessions, actor, "experiment", experiment)
