"""The limits that an experiment's values are judged by, as people read them."""

from collections.abc import Callable
from dataclasses import dataclass

from facility.experiments.drafts import Tolerance
from facility.experiments.views import ExperimentView
from schemas.messages import ParameterLimits
from schemas.site import Parameter, Site
from telemetry.limits import Limits, limits_for, station_limits
from web.rendering.formatting import plain_number
from web.rendering.texts import N_

SEVERITY_LABELS = {"warning": N_("Warning"), "major": N_("Major alarm"), "critical": N_("Critical alarm")}


@dataclass(frozen=True, slots=True)
class ShownLimits:
    """A parameter's limits, and its tolerance in the experiment (None: the experiment names no parameters)."""

    parameter: Parameter
    limits: Limits
    tolerance: Tolerance | None

    def for_script(self) -> dict[str, object]:
        """Return what charts draw: numbers in the parameter's unit, null where there is no such limit."""
        return {"deviation": self.limits.deviation, "low": self.limits.low, "high": self.limits.high}


def limits_of(site: Site, experiment: ExperimentView) -> dict[str, ShownLimits]:
    """Return the parameters of interest with their limits: the experiment's, or the station's main ones."""
    named = {parameter.parameter: parameter for parameter in experiment.parameters}
    if not named:
        return {
            p.code: ShownLimits(p, station_limits(p), None) for p in site.parameters if p.main and p.setpoint_of is None
        }
    own = own_limits(experiment)
    return {
        p.code: ShownLimits(p, limits_for(p, own[p.code]), named[p.code]) for p in site.parameters if p.code in named
    }


def own_limits(experiment: ExperimentView) -> dict[str, ParameterLimits]:
    """Return the experiment's limits by parameter code, as in its cells' topics."""
    return {
        parameter.parameter: ParameterLimits.model_validate(parameter, from_attributes=True)
        for parameter in experiment.parameters
    }


def has_limits(tolerance: Tolerance) -> bool:
    """Return whether the experiment sets limits of its own."""
    return tolerance.deviation is not None or tolerance.low is not None or tolerance.high is not None


def limits_text(limits: Limits | Tolerance, unit: str, language: str) -> str:
    """Write limits as people do: ± 0.5 °C, 380 to 420 ppm, at least 5 %; nothing where there are none."""

    def written(value: float) -> str:
        return f"{plain_number(value, language)}\u00a0{unit}".rstrip()

    if limits.deviation is not None:
        return f"±\u00a0{written(limits.deviation)}"
    if limits.low is not None and limits.high is not None:
        return f"{plain_number(limits.low, language)}…{written(limits.high)}"
    if limits.low is not None:
        return f"≥\u00a0{written(limits.low)}"
    return f"≤\u00a0{written(limits.high)}" if limits.high is not None else ""


def tolerance_text(site: Site, tolerance: Tolerance, language: str, gettext: Callable[[str], str]) -> str:
    """Return a parameter's tolerance as one line of text."""
    parameter = site.parameter_by_code.get(tolerance.parameter)
    name = tolerance.parameter if parameter is None else parameter.label.in_(language)
    if not has_limits(tolerance):
        return gettext("{name}: the station's limits").format(name=name)
    limits = limits_text(tolerance, "" if parameter is None else parameter.unit, language)
    minutes = plain_number(tolerance.delay / 60, language)
    return gettext("{name}: {limits} for {minutes} min, {severity}").format(
        name=name, limits=limits, minutes=minutes, severity=gettext(SEVERITY_LABELS[tolerance.severity]).lower()
    )
