"""An experiment's time in its cells: what the chart over its days needs, and where the readings are."""

from urllib.parse import urlencode

from facility.assignments.views import AssignmentView
from facility.experiments.views import ExperimentView
from schemas import times
from schemas.site import Site
from web.rendering.limits import ShownLimits


def chart(
    site: Site, experiment: ExperimentView, assignments: list[AssignmentView], limits: dict[str, ShownLimits]
) -> dict[str, object] | None:
    """Return what the chart over the days of the experiment needs; None before its first day."""
    if experiment.started_at is None or not assignments:
        return None
    cells: dict[str, list[list[str | None]]] = {}
    for assignment in reversed(assignments):
        if assignment.cell in site.unit_of_cell:
            end = None if assignment.ended_at is None else times.to_text(assignment.ended_at)
            cells.setdefault(assignment.cell, []).append([times.to_text(assignment.started_at), end])
    order = [code for code in site.unit_of_cell if code in cells]
    own = {p.code for code in order for p in site.parameters_of(code)}
    first = [code for code in limits if code in own]
    offered = [p for p in site.parameters if p.code in own and p.setpoint_of is None]
    return {
        "start": times.to_text(experiment.started_at),
        "cells": {code: cells[code] for code in order},
        "parameters": [*first, *(p.code for p in offered if p.code not in first)],
        "limits": {code: limit.for_script() for code, limit in limits.items()},
    }


def readings_address(assignment: AssignmentView, limits: dict[str, ShownLimits], site: Site) -> str:
    """Return where the readings of an assignment are: its parameters of interest and their setpoints, or all."""
    query_values = {"from": times.to_text(assignment.started_at)}
    if assignment.ended_at is not None:
        query_values["to"] = times.to_text(assignment.ended_at)
    here = {p.code for p in site.parameters_of(assignment.cell)} if assignment.cell in site.unit_of_cell else set()
    if any(each.tolerance is not None for each in limits.values()):
        pairs = [(code, site.setpoint_by_measured.get(code)) for code in limits]
        codes = [code for measured, aim in pairs for code in (measured, *([aim.code] if aim else [])) if code in here]
        if codes:
            query_values["parameters"] = ",".join(codes)
    return f"/api/cells/{assignment.cell}/readings.csv?{urlencode(query_values)}"
