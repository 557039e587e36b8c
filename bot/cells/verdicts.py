"""The verdict on a value, live or stored, and its text for Discord."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.texts import Texts
from schemas.messages import ParameterLimits
from schemas.picture import Latest, Picture, supersedes
from schemas.site import Parameter, Site
from telemetry.judging import ValueVerdict, judge_presence, judge_value
from telemetry.limits import limits_for


@dataclass(frozen=True, slots=True)
class DisplayedValue:
    """A value for display. `verdict` is None while neither broker nor database has it.

    `stored`: it comes from the database, because the broker does not answer. `limit_shown`: whether the limit that
    was passed may be named here.
    """

    verdict: ValueVerdict | None
    stored: bool = False
    limit_visible: bool = True

    @property
    def state(self) -> str:
        """The judge's state, or `unknown`."""
        return "unknown" if self.verdict is None else self.verdict.state

    @property
    def kind(self) -> str:
        """Return `normal`, `abnormal` or `silent` (nothing that could be judged)."""
        if self.verdict is None or self.verdict.missing:
            return "silent"
        return "abnormal" if self.verdict.abnormal else "normal"


def show(
    site: Site, picture: Picture, cell: str, parameter: Parameter, now: datetime, *,
    stored: Latest | None = None, stored_setpoint: Latest | None = None, own: ParameterLimits | None = None,
    database: bool = True,
) -> DisplayedValue:  # fmt: skip
    """Judge a cell's parameter by the live value, or by the stored one where that is newer.

    `own` are the limits of the experiment in the cell, `database` tells whether the database answered.
    """
    held = picture.cells.get(cell, {})
    found = held.get(parameter.code)
    newest = _newer(stored, found, now)
    if newest is None and not picture.connected and not database:
        return DisplayedValue(None)
    pair = site.setpoint_by_measured.get(parameter.code)
    verdict = judge_value(
        parameter,
        newest,
        None if pair is None else _newer(stored_setpoint, held.get(pair.code), now),
        presence=judge_presence(*picture.unit(site.unit_of_cell[cell].code), now),
        period=site.period_of(cell),
        limits=limits_for(parameter, own),
        now=now,
    )
    return DisplayedValue(verdict, stored=newest is not None and newest is not found and not picture.connected)


def without_limit(displayed: DisplayedValue) -> DisplayedValue:
    """Return it without the number that the value is judged by: how it stands is the cell's, that is another's."""
    return replace(displayed, limit_visible=False)


def describe(displayed: DisplayedValue, parameter: Parameter, texts: Texts) -> str:
    """Return the state in words, with its icon."""
    verdict = displayed.verdict
    if verdict is None:
        return texts("state_unknown")
    if verdict.state == "stale":
        return texts("state_stale", age=texts.span(verdict.age or 0.0))
    if verdict.exceeded is None or verdict.limit is None:
        return texts(f"state_{verdict.state}")
    status = texts(f"state_{verdict.state}", icon="⚠️" if verdict.severity == "warning" else "🚨")
    limit = f"{texts.number(verdict.limit, parameter.decimals)} {parameter.unit}".strip()
    return f"{status} {texts(f'beyond_{verdict.exceeded}', limit=limit)}" if displayed.limit_visible else status


def word(displayed: DisplayedValue, texts: Texts) -> str:
    """Return the state in a word or two."""
    return texts(f"word_{displayed.state}")


def written(value: float | None, parameter: Parameter, texts: Texts) -> str:
    """Return a value with its unit, or the word for a door's state, or that there is none."""
    if value is None:
        return texts("no_value")
    label = parameter.states.get(f"{value:g}")
    if label is not None:
        return label.in_(texts.language)
    return f"{texts.number(value, parameter.decimals)} {parameter.unit}".strip()


def _newer(stored: Latest | None, live: Latest | None, now: datetime) -> Latest | None:
    """Return the newer of both; of the same instant the one that is trusted less."""
    return live if live is not None and supersedes(live, stored, now) else stored or live
