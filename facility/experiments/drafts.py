"""The form of an experiment and its validation."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from facility.acting.fields import (
    CodeText,
    ExperimentCode,
    FormModel,
    Line,
    LongText,
    NeededLine,
    OptionalDay,
    OptionalNumber,
)
from facility.acting.refusals import Invalid
from facility.acting.user_messages import UserMessage, message

ExperimentState = Literal["draft", "planned", "running", "ended", "archived"]
EXPERIMENT_STATE_LABELS: dict[str, UserMessage] = {
    "draft": message("draft"),
    "planned": message("planned"),
    "running": message("running"),
    "ended": message("ended"),
    "archived": message("archived"),
}
Severity = Literal["warning", "major", "critical"]


class Tolerance(FormModel):
    """A parameter of interest: off its setpoint by `deviation`, or outside low…high, for `delay` seconds."""

    parameter: CodeText
    deviation: OptionalNumber = None
    low: OptionalNumber = None
    high: OptionalNumber = None
    delay: Annotated[int, Field(ge=0, le=7 * 86400)] = 600
    severity: Severity = "warning"


def _each_once(tolerances: list[Tolerance]) -> list[Tolerance]:
    codes = [tolerance.parameter for tolerance in tolerances]
    if len(set(codes)) < len(codes):
        raise ValueError(message("Each parameter is named once."))
    return tolerances


Tolerances = Annotated[list[Tolerance], Field(max_length=100), AfterValidator(_each_once)]
Cells = Annotated[list[CodeText], Field(max_length=200)]


class ExperimentDraft(FormModel):
    """A new experiment. `cells` are those it is planned for; planned days are the site's, the last one included."""

    code: ExperimentCode
    title: NeededLine
    team: Line = ""
    scientific_contact: Line = ""
    technical_contact: Line = ""
    description: LongText = ""
    objective: LongText = ""
    planned_start: OptionalDay = None
    planned_end: OptionalDay = None
    state: Literal["draft", "planned"] = "draft"
    cells: Cells = Field(default_factory=list)
    parameters: Tolerances = Field(default_factory=list)


class ExperimentChange(FormModel):
    """A partial change; omitted members stay. `version` is the one that was edited."""

    version: int
    code: ExperimentCode = Field(default="", validate_default=False)
    title: NeededLine = Field(default="", validate_default=False)
    team: Line = ""
    scientific_contact: Line = ""
    technical_contact: Line = ""
    description: LongText = ""
    objective: LongText = ""
    planned_start: OptionalDay = None
    planned_end: OptionalDay = None
    state: ExperimentState | None = None
    cells: Cells = Field(default_factory=list)
    parameters: Tolerances = Field(default_factory=list)


def check_whole(draft: ExperimentDraft) -> None:
    """Raise Invalid where members do not fit one another."""
    faults: dict[str, UserMessage] = {}
    start, end = _day(draft.planned_start), _day(draft.planned_end)
    if start is not None and end is not None and end < start:
        faults["planned_end"] = message("The end is before the start.")
    if draft.state == "planned" and (start is None or end is None):
        missing = "planned_start" if start is None else "planned_end"
        faults[missing] = message("A planned experiment needs a first and a last day.")
    for position, item in enumerate(draft.parameters):
        faults |= {f"parameters.{position}.{name}": words for name, words in _faults(_members(item)).items()}
    if faults:
        raise Invalid(faults)


def _faults(tolerance: dict[str, Any]) -> dict[str, UserMessage]:
    deviation, low, high = (tolerance[name] for name in ("deviation", "low", "high"))
    if deviation is not None and (low is not None or high is not None):
        return {"deviation": message("Give a deviation from the setpoint or lowest and highest values, not both.")}
    if deviation is not None and deviation <= 0:
        return {"deviation": message("A deviation must be greater than 0.")}
    if low is not None and high is not None and high <= low:
        return {"high": message("The highest value is below the lowest.")}
    return {}


def _members(tolerance: Tolerance | dict[str, Any]) -> dict[str, Any]:
    return tolerance if isinstance(tolerance, dict) else tolerance.model_dump()


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
