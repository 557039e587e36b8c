"""Cells: cards of all, the page and API of one, its history, the forms of its experiment."""

from web.cells.api import CellController
from web.cells.cards import cards
from web.cells.experiment_forms import end_experiment, put_experiment
from web.cells.history_api import HistoryController
from web.cells.page import cell_page
from web.cells.units_api import UnitController
from web.http.routes import Routes

ROUTES = Routes(
    lab=(cards, cell_page, UnitController, CellController),
    people=(HistoryController, put_experiment, end_experiment),
)
