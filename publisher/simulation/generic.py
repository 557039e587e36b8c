"""Parameters without a climate model: a plausible course inside the range of the site file."""

import math
from collections.abc import Callable
from random import Random

from publisher.simulation.noise import Noise
from publisher.simulation.scenario import DAY
from schemas.site import Parameter

Course = Callable[[float], float]


def course(key: str, parameter: Parameter, partner: Parameter | None) -> Course:
    """Return the parameter's value at any instant; `partner` is what it is the setpoint or command of."""
    match parameter.kind:
        case "setpoint":
            return _daily(f"{key}/{(partner or parameter).code}", *_range(partner or parameter))
        case "counter":
            pace = (_range(parameter)[1] or 1.0) / (8 * DAY)
            return lambda instant: instant % (7 * DAY) * pace
        case "state":
            states = sorted(float(state) for state in parameter.states if _is_number(state)) or [0.0, 1.0]
            return _states(f"{key}/{parameter.code}", states)
        case _:
            low, high = _range(parameter)
            target = _daily(f"{key}/{parameter.code}", low, high)
            noise, size = Noise(f"{key}/{parameter.code}/noise", 300), (high - low) / 400
            return lambda instant: min(high, max(low, target(instant - 240) + size * noise.at(instant)))


def _range(parameter: Parameter) -> tuple[float, float]:
    low = parameter.minimum if parameter.minimum is not None else min(0.0, (parameter.maximum or 0.0) - 100)
    return low, parameter.maximum if parameter.maximum is not None else low + 100


def _daily(key: str, low: float, high: float) -> Course:
    draw = Random(key)
    middle = low + (high - low) * draw.uniform(0.35, 0.65)
    swing, peak = (high - low) * draw.uniform(0.02, 0.15), draw.uniform(10, 17) * 3600
    return lambda instant: middle + swing * math.cos(2 * math.pi * (instant - peak) / DAY)


def _states(key: str, states: list[float]) -> Course:
    def at(instant: float) -> float:
        # Mostly in its first state; a change now and then, for minutes.
        quarter = int(instant // 900)
        draw = Random(f"{key}/{quarter}")
        return states[0] if draw.random() < 0.95 else draw.choice(states)

    return at


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
