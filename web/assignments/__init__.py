"""Assignments: the past of a cell corrected with a reason, and the API of who is where."""

from web.assignments.api import AssignmentController, CellExperimentController, occupancy_of_cells
from web.assignments.page import assignment_page, past_page, save_assignment, save_past, withdraw_assignment
from web.http.routes import Routes

ROUTES = Routes(
    people=(
        *(CellExperimentController, AssignmentController, occupancy_of_cells),
        *(past_page, save_past, assignment_page, save_assignment, withdraw_assignment),
    )
)
