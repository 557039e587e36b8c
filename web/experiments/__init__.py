"""Experiments: list, page, form with merge of concurrent edits, history of changes, API."""

from web.experiments.acts import end_in_cells, move_experiment, put_into_cells
from web.experiments.api import ExperimentController
from web.experiments.form import create, edit_page, new_page, save
from web.experiments.list_page import experiments_page
from web.experiments.page import experiment_page
from web.http.routes import Routes

# What other features of the web may import.
__all__ = ["ROUTES"]

ROUTES = Routes(
    people=(
        ExperimentController,
        *(experiments_page, experiment_page, move_experiment, put_into_cells, end_in_cells),
        *(new_page, create, edit_page, save),
    )
)
