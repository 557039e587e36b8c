"""`/api/cells/<cell>/experiment`, `/api/assignments`, `/api/occupancy`: which experiment is in which cell."""

from datetime import date, timedelta
from typing import Annotated

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import Field

from facility.acting.acts import Actor
from facility.acting.fields import CodeText, FormModel
from facility.acting.permissions import Act
from facility.assignments.assigning import assign, assign_free, unassign
from facility.assignments.correcting import BackDated, Correction, Withdrawal, assign_back_dated, correct, withdraw
from facility.assignments.occupancy import Occupancy, occupancy
from facility.assignments.views import AssignmentView, assignments_of_cell
from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems
from web.http.query_parameters import RowId, present_code

ExperimentNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CellContent(FormModel):
    """The experiment to put into the cell. `replaces` is what is expected there: refused where it is not."""

    experiment: ExperimentNumber
    replaces: ExperimentNumber | None = None


class CellsContent(FormModel):
    """An experiment into several cells at once; with `free` only into those (or all) that are free."""

    experiment: ExperimentNumber
    cells: Annotated[list[CodeText], Field(max_length=200)] | None = None
    free: bool = False


class CellExperimentController(Controller):
    path = "/api/cells/{cell:str}"
    tags = ("assignments",)

    @get("/assignments", opt={"act": Act.EXPERIMENTS_READ}, responses=problems(404), sync_to_thread=True)
    def assignments(
        self,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
    ) -> list[AssignmentView]:
        """Return what the cell held from when to when, the newest first."""
        return assignments_of_cell(sessions, actor, present_code(site, cell))

    @put("/experiment", opt={"act": Act.ASSIGN}, responses=problems(404, 409, 422), sync_to_thread=True)
    def assign(
        self,
        cell: FromPath[str],
        data: JSONBody[CellContent],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
    ) -> AssignmentView:
        """Put an experiment into the cell now, in place of the one that it holds."""
        cell = present_code(site, cell)
        expected = {cell: data.replaces} if "replaces" in data.model_fields_set else None
        made = assign(writing, actor, data.experiment, [cell], replacing=expected)
        return made[0]

    @delete(
        "/experiment",
        opt={"act": Act.UNASSIGN},
        responses=problems(404, 409),
        status_code=200,
        sync_to_thread=True,
    )
    def unassign(
        self,
        cell: FromPath[str],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        experiment: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    ) -> AssignmentView:
        """End what the cell holds; `experiment` is what is expected there."""
        return unassign(writing, actor, present_code(site, cell), experiment_id=experiment)


class AssignmentController(Controller):
    path = "/api/assignments"
    tags = ("assignments",)

    @post(opt={"act": Act.ASSIGN}, responses=problems(404, 409, 422), sync_to_thread=True)
    def assign_several(
        self,
        data: JSONBody[CellsContent],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
    ) -> list[AssignmentView]:
        """Put an experiment into several cells in one act: into all of them or, when one is refused, none."""
        cells = None if data.cells is None else [present_code(site, cell) for cell in data.cells]
        if data.free:
            return assign_free(writing, actor, data.experiment, cells)
        return assign(writing, actor, data.experiment, cells or [])

    @post("/back-dated", opt={"act": Act.ASSIGNMENT_CORRECT}, responses=problems(404, 422), sync_to_thread=True)
    def back_date(
        self,
        data: JSONBody[BackDated],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> AssignmentView:
        """Add an assignment of the past, with the reason."""
        return assign_back_dated(writing, actor, data)

    @patch("/{assignment:int}", opt={"act": Act.ASSIGNMENT_CORRECT}, responses=problems(404, 422), sync_to_thread=True)
    def correct(
        self,
        assignment: RowId,
        data: JSONBody[Correction],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> AssignmentView:
        """Set right when an assignment started or ended, with the reason."""
        return correct(writing, actor, assignment, data)

    @post(
        "/{assignment:int}/withdrawal",
        opt={"act": Act.ASSIGNMENT_WITHDRAW},
        responses=problems(404, 422),
        sync_to_thread=True,
    )
    def withdraw(
        self,
        assignment: RowId,
        data: JSONBody[Withdrawal],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> AssignmentView:
        """Take back an assignment that never was, with the reason; the audit keeps it."""
        return withdraw(writing, actor, assignment, data)


@get(
    "/api/occupancy",
    opt={"act": Act.EXPERIMENTS_READ},
    responses=problems(422),
    tags=["assignments"],
    sync_to_thread=True,
)
def occupancy_of_cells(
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    first: Annotated[date | None, QueryParameter(name="from")] = None,
    last: Annotated[date | None, QueryParameter(name="to")] = None,
) -> Occupancy:
    """Return who holds and will hold each cell, day by day of the site; the present quarter where none is named."""
    return occupancy(sessions, actor, *window(first, last, site), site.zone)


def window(first: date | None, last: date | None, site: Site) -> tuple[date, date]:
    """Return the requested days; by default from a month ago to two months ahead."""
    today = times.now().astimezone(site.zone).date()
    start = first or (last or today) - timedelta(days=30)
    return start, last or start + timedelta(days=91)
