"""Notes: annotations, announced work with its QR codes, rejected values, and the API of what happened in a cell."""

from web.http.routes import Routes
from web.notes.annotations_page import notes_page, save_note, withdraw_note
from web.notes.api import AnnotationController, CellEventsController, InterventionController
from web.notes.door_codes import door_codes_page
from web.notes.intervene_page import end_work, extend_work, intervene_page, start_work
from web.notes.rejections_page import rejection_page, rejections_page, save_rejection, withdraw_rejected

# What other features may import.
__all__ = ["ROUTES", "form"]

ROUTES = Routes(
    people=(
        *(AnnotationController, CellEventsController, InterventionController),
        *(notes_page, save_note, withdraw_note, intervene_page, start_work, end_work, extend_work),
        *(rejections_page, save_rejection, rejection_page, withdraw_rejected, door_codes_page),
    )
)
