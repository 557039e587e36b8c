"""`/api/cells/<cell>/history` for charts and `readings.csv` for everything else."""

from typing import Annotated, Literal

import orjson
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.exports.readings import Export, csv_pieces, record_export
from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction, Sessions
from telemetry.history import MOST_POINTS, read_history
from telemetry.views import CellHistory
from web.cells.known import find_cell
from web.http.auth import LAB
from web.http.problems import problems
from web.http.query_parameters import chosen_parameters, main_parameters, range_of

DEFAULT_POINTS = 1200
SEPARATORS = {",": ",", ";": ";", "tab": "\t", "\t": "\t"}

From = Annotated[str | None, QueryParameter(name="from", description="RFC 3339; a day before `to` without it")]
To = Annotated[str | None, QueryParameter(name="to", description="RFC 3339, not included; now without it")]
Parameters = Annotated[list[str] | None, QueryParameter(description="codes, by commas or repeated")]


class HistoryController(Controller):
    path = "/api/cells/{cell:str}"
    tags = ("history",)

    # The chart belongs to the cell's page, which the lab reads without login; taking the data away (CSV) does not.
    @get(
        "/history",
        opt={"access": LAB},
        sync_to_thread=True,
        responses=problems(404)
        | {
            200: ResponseSpec(
                data_container=CellHistory, generate_examples=False, description="columns of min, mean and max"
            )
        },
    )
    def history(
        self,
        *,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        site: NamedDependency[Site],
        start_text: From = None,
        end_text: To = None,
        parameters: Parameters = None,
        points: Annotated[int, QueryParameter(ge=2, le=MOST_POINTS)] = DEFAULT_POINTS,
    ) -> Response[bytes]:
        """Return [from, to) in at most `points` points a parameter; without `parameters`, the main ones."""
        site, cell = find_cell(site, sessions, cell)
        codes = chosen_parameters(site, cell, parameters) or main_parameters(site, cell)
        start, end = range_of(start_text, end_text, times.now())
        with sessions.reading() as session:
            found = read_history(session, site, cell=cell, parameters=codes, start=start, end=end, points=points)
        # Thousands of numbers: orjson writes them in a tenth of the time that the framework's way takes.
        return Response(orjson.dumps(found.model_dump()), media_type="application/json")

    @get(
        "/readings.csv",
        opt={"act": Act.EXPORT},
        sync_to_thread=True,
        media_type="text/csv",
        responses=problems(404)
        | {
            200: ResponseSpec(
                data_container=str, generate_examples=False, media_type="text/csv", description="the readings"
            )
        },
    )
    def readings(
        self,
        *,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        start_text: From = None,
        end_text: To = None,
        parameters: Parameters = None,
        format: FromQuery[Literal["wide", "long"]] = "wide",  # noqa: A002 - the word of the address
        separator: Annotated[str, QueryParameter(description="`,` `;` or `tab`")] = ",",
        decimal: Annotated[Literal[".", ","], QueryParameter(description="`,` for Excel in French")] = ".",
        quality: FromQuery[bool] = False,
    ) -> Stream:
        """Return every reading of [from, to) as CSV: a row an instant (wide) or a row a value (long). It is audited."""
        site, cell = find_cell(site, sessions, cell)
        codes = chosen_parameters(site, cell, parameters)
        start, end = range_of(start_text, end_text, times.now())
        if separator not in SEPARATORS:
            raise ValidationException(detail="separator: one of `,`, `;` (written %3B) and `tab`")
        if SEPARATORS[separator] == decimal:
            raise ValidationException(detail="separator and decimal cannot both be a comma; use separator=%3B")
        export = Export(
            cell=cell,
            parameters=tuple(codes or [parameter.code for parameter in site.parameters_of(cell)]),
            start=start,
            end=end,
            format=format,
            separator=SEPARATORS[separator],
            decimal=decimal,
            quality=quality,
        )
        record_export(writing, actor, export)
        pieces = csv_pieces(sessions, site, export)
        # The first piece is made before anything is sent: a database that is away is still a clean 503.
        first = next(pieces)
        return Stream(
            (piece for part in ([first], pieces) for piece in part),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{export.file_name}"'},
        )
