"""The answer to "what is it now?": a value with its state, age, setpoint, experiment and chart."""

import io
from dataclasses import replace
from datetime import datetime, timedelta

import discord

from bot.cells.charts import chart
from bot.cells.verdicts import Standing, describe, stand, written
from bot.context import Context
from bot.database import DatabaseAway
from bot.station import History, Own, Stored
from bot.texts import Texts
from schemas import times
from schemas.site import Parameter

DAY = timedelta(hours=24)
FILE = "courbe.png"
_COLOURS = {"normal": 0x5B6675, "warning": 0xD98200, "implausible": 0xD98200, "major": 0xC62828}
_SILENT = 0x8A94A3


async def card(
    context: Context, cell: str, parameter: Parameter, texts: Texts, span: timedelta = DAY
) -> tuple[discord.Embed, discord.File | None]:
    """Put the answer together; what the database cannot tell is said to be unknown."""
    now = times.now()
    (stored, aim), own, histories = await _ask(context, cell, parameter.code, span)
    standing = stand(
        context.site, context.live, cell, parameter, now,
        stored=stored, stored_setpoint=aim, database=histories is not None, own=own,
    )  # fmt: skip
    if own is not None and not context.policy.experiment(own.experiment):
        # How it stands is the cell's; the number that it is judged by is the experiment's.
        standing = replace(standing, limit=None)
    embed = _embed(context, cell, parameter, texts, standing=standing, now=now)
    if histories is None:
        embed.set_footer(text=texts("chart_unknown"))
        return embed, None
    measured, setpoint = histories
    if measured.points and not standing.silent and not parameter.states:
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
) -> tuple[tuple[Stored | None, Stored | None], Own | None, tuple[History, History | None] | None]:
    pair = context.site.setpoint_by_measured.get(parameter)
    station = context.station

    def ask() -> tuple[tuple[Stored | None, Stored | None], Own | None, tuple[History, History | None]]:
        setpoint = None if pair is None else station.history(cell, pair.code, span)
        measured = station.history(cell, parameter, span)
        aim = None if pair is None else station.latest(cell, pair.code)
        return (station.latest(cell, parameter), aim), station.tolerance(cell, parameter), (measured, setpoint)

    try:
        return await context.database.ask(ask)
    except DatabaseAway:
        return (None, None), None, None


def _embed(
    context: Context, cell: str, parameter: Parameter, texts: Texts, *, standing: Standing, now: datetime
) -> discord.Embed:
    title = texts("card_title", cell=cell, parameter=parameter.label.in_(texts.language))
    colour = _COLOURS.get(standing.state, _SILENT)
    embed = discord.Embed(title=title[:256], colour=colour, url=context.page(f"/cells/{cell}"))
    value = written(standing.value, parameter, texts) if standing.observed_at is not None else "—"
    embed.add_field(name=texts("value"), value=f"**{value}**")
    if context.site.setpoint_by_measured.get(parameter.code) is not None:
        known = standing.setpoint is not None
        embed.add_field(
            name=texts("setpoint"),
            value=written(standing.setpoint, parameter, texts) if known else texts("no_setpoint"),
        )
        if standing.deviation is not None:
            sign = "+" if round(standing.deviation, parameter.decimals) > 0 else ""
            embed.add_field(name=texts("deviation"), value=f"{sign}{written(standing.deviation, parameter, texts)}")
    embed.add_field(name=texts("state"), value=describe(standing, parameter, texts, now), inline=False)
    if standing.observed_at is not None:
        seconds = round(standing.observed_at.timestamp())
        embed.add_field(name=texts("age"), value=f"<t:{seconds}:R> · <t:{seconds}:T>")
        embed.add_field(name=texts("quality"), value=texts(f"quality_{standing.quality or 0}"))
    embed.add_field(name=texts("experiment"), value=_experiment(context, cell, texts))
    if standing.stored:
        embed.description = texts("from_database")
    return embed


def _experiment(context: Context, cell: str, texts: Texts) -> str:
    held = context.live.experiments.get(cell)
    if held is None:
        return texts("free" if context.live.connected else "experiment_unknown")
    if not context.policy.experiment(held.code):
        return texts("occupied")
    return discord.utils.escape_markdown(f"{held.code} · {held.title}")[:1000]


def _trend(measured: History, parameter: Parameter) -> str:
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
    context: Context, cell: str, parameter: Parameter, texts: Texts, *, measured: History, span: timedelta
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
