"""The answer to "what is it now?": a value with its state, age, setpoint, experiment and chart."""

import io
from datetime import timedelta

import discord

from bot.cells.charts import chart
from bot.cells.verdicts import DisplayedValue, describe, show, without_limit, written
from bot.context import Context
from bot.database import DatabaseAway
from bot.escaping import escape
from bot.station_reader import ChartData
from bot.texts import Texts
from schemas import times
from schemas.messages import ParameterLimits
from schemas.picture import Latest
from schemas.site import Parameter
from telemetry.judging import ValueVerdict

# The code of the experiment in the cell with what it asks of the parameter.
_Own = tuple[str, ParameterLimits] | None
DAY = timedelta(hours=24)
FILE = "courbe.png"
_COLOURS = {"normal": 0x5B6675, "abnormal": 0xD98200, "silent": 0x8A94A3}
_SEVERE = 0xC62828


async def card(
    context: Context, cell: str, parameter: Parameter, texts: Texts, span: timedelta = DAY
) -> tuple[discord.Embed, discord.File | None]:
    """Build the answer; what the database has not answered is shown as unknown."""
    now = times.now()
    (stored, aim), own, histories = await _ask(context, cell, parameter.code, span)
    code, limits = own or (None, None)
    displayed = show(
        context.site, context.picture, cell, parameter, now,
        stored=stored, stored_setpoint=aim, database=histories is not None, own=limits,
    )  # fmt: skip
    if code is not None and not context.policy.experiment(code):
        displayed = without_limit(displayed)
    embed = _embed(context, cell, parameter, texts, displayed)
    if histories is None:
        embed.set_footer(text=texts("chart_unknown"))
        return embed, None
    measured, setpoint = histories
    if measured.points and displayed.kind != "silent" and not parameter.states:
        embed.add_field(name=texts("trend"), value=texts(f"trend_{_trend(measured, parameter)}"))
    png = await context.draw(
        chart,
        measured,
        setpoint,
        texts,
        parameter,
        title=f"{cell} · {parameter.label.in_(texts.language)}",
        zone=context.site.zone,
    )
    embed.set_image(url=f"attachment://{FILE}")
    alt = _alternative(context, cell, parameter, texts, measured=measured, span=span)
    return embed, discord.File(io.BytesIO(png), FILE, description=alt[:1024])


async def _ask(
    context: Context, cell: str, parameter: str, span: timedelta
) -> tuple[tuple[Latest | None, Latest | None], _Own, tuple[ChartData, ChartData | None] | None]:
    pair = context.site.setpoint_by_measured.get(parameter)
    station = context.station

    def ask() -> tuple[tuple[Latest | None, Latest | None], _Own, tuple[ChartData, ChartData | None]]:
        setpoint = None if pair is None else station.history(cell, pair.code, span)
        measured = station.history(cell, parameter, span)
        aim = None if pair is None else station.latest(cell, pair.code)
        return (station.latest(cell, parameter), aim), station.limits(cell, parameter), (measured, setpoint)

    try:
        return await context.database.ask(ask)
    except DatabaseAway:
        live = context.picture.experiments.get(cell)
        own = None if live is None or parameter not in live.limits else (live.code, live.limits[parameter])
        return (None, None), own, None


def _embed(context: Context, cell: str, parameter: Parameter, texts: Texts, displayed: DisplayedValue) -> discord.Embed:
    verdict = displayed.verdict
    severe = verdict is not None and verdict.severity in {"major", "critical"}
    embed = discord.Embed(
        title=texts("card_title", cell=cell, parameter=parameter.label.in_(texts.language))[:256],
        colour=_SEVERE if severe else _COLOURS[displayed.kind],
        url=context.page(f"/cells/{cell}"),
    )
    value = "—" if verdict is None or verdict.observed_at is None else written(verdict.value, parameter, texts)
    embed.add_field(name=texts("value"), value=f"**{value}**")
    if context.site.setpoint_by_measured.get(parameter.code) is not None:
        embed.add_field(name=texts("setpoint"), value=_setpoint(verdict, parameter, texts))
        if verdict is not None and verdict.deviation is not None:
            sign = "+" if round(verdict.deviation, parameter.decimals) > 0 else ""
            embed.add_field(name=texts("deviation"), value=f"{sign}{written(verdict.deviation, parameter, texts)}")
    embed.add_field(name=texts("state"), value=describe(displayed, parameter, texts), inline=False)
    if verdict is not None and verdict.observed_at is not None:
        seconds = round(verdict.observed_at.timestamp())
        embed.add_field(name=texts("age"), value=f"<t:{seconds}:R> · <t:{seconds}:T>")
        embed.add_field(name=texts("quality"), value=texts(f"quality_{verdict.quality}"))
    embed.add_field(name=texts("experiment"), value=_experiment(context, cell, texts))
    if displayed.stored:
        embed.description = texts("from_database")
    return embed


def _setpoint(verdict: ValueVerdict | None, parameter: Parameter, texts: Texts) -> str:
    """Write the setpoint; one of another time than the value says its own."""
    if verdict is None or verdict.target is None or verdict.target_at is None:
        return texts("no_setpoint")
    value = written(verdict.target, parameter, texts)
    compared = verdict.deviation is not None or verdict.value is None
    return value if compared else f"{value} · <t:{round(verdict.target_at.timestamp())}:R>"


def _experiment(context: Context, cell: str, texts: Texts) -> str:
    held = context.picture.experiments.get(cell)
    if held is None:
        return texts("free" if context.picture.connected else "experiment_unknown")
    if not context.policy.experiment(held.code):
        return texts("occupied")
    return escape(f"{held.code} · {held.title}")


def _trend(measured: ChartData, parameter: Parameter) -> str:
    """Compare the last hour's part of the curve with what was just before it."""
    last = measured.points[-1]
    before = [p for p in measured.points if timedelta(minutes=20) <= last.at - p.at <= timedelta(minutes=70)]
    if not before:
        return "flat"
    change = last.mean - sum(p.mean for p in before) / len(before)
    if abs(change) <= 2 * parameter.resolution:
        return "flat"
    return "up" if change > 0 else "down"


def _alternative(
    context: Context, cell: str, parameter: Parameter, texts: Texts, *, measured: ChartData, span: timedelta
) -> str:
    if not measured.points:
        return texts("chart_empty")
    return texts(
        "chart_alt_states" if parameter.states else "chart_alt",
        parameter=parameter.label.in_(texts.language),
        cell=cell,
        duration=texts.span(span.total_seconds()),
        end=f"{measured.until.astimezone(context.site.zone):%d/%m/%Y %H:%M} {context.site.timezone}",
        low=written(min(p.low for p in measured.points), parameter, texts),
        high=written(max(p.high for p in measured.points), parameter, texts),
        last=written(measured.points[-1].mean, parameter, texts),
    )
