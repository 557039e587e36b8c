"""The site: units, cells and parameters, read from one TOML file; the Ecotron's own is the default."""

import tomllib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    field_validator,
    model_validator,
)

from schemas import topics
from schemas.messages import Code


class SiteError(Exception):
    """A site file that is not valid; the message has one line per fault, with its place and cause."""


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Block):
    """A name in both languages of the pages."""

    fr: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)

    def in_(self, language: str) -> str:
        return self.en if language == "en" else self.fr


class Rectangle(_Block):
    """A place on the plan, in the plan's own units, from its upper left corner."""

    x: FiniteFloat
    y: FiniteFloat
    width: FiniteFloat = Field(gt=0)
    height: FiniteFloat = Field(gt=0)


class Building(Rectangle):
    label: Label


class Plan(_Block):
    """The picture of the site: its size and its buildings; units carry their own place."""

    width: FiniteFloat = Field(gt=0)
    height: FiniteFloat = Field(gt=0)
    buildings: tuple[Building, ...] = ()


def _listed(formerly: Any) -> Any:
    """Take one former code as a list of one."""
    return [formerly] if isinstance(formerly, str) else formerly


# Codes from before a renaming; what is stored and what still arrives under them belongs to the new code.
Formerly = Annotated[tuple[Code, ...], BeforeValidator(_listed)]


class Unit(_Block):
    """A unit with one PC and its cells, in the order of display.

    A cell is a code, or `{ code = "E1C1", formerly = "C1" }` once it has been renamed.
    """

    code: Code
    label: Label
    kind: Code = "unit"
    formerly: Formerly = ()
    cells: tuple[Code, ...] = Field(min_length=1)
    former_cells: dict[Code, Formerly] = Field(default_factory=dict, description="former codes by a cell's code")
    period: FiniteFloat | None = Field(default=None, gt=0, description="seconds between readings")
    place: Rectangle | None = None

    @model_validator(mode="before")
    @classmethod
    def _renamed_cells(cls, content: Any) -> Any:
        """Take `formerly` out of the list of cells."""
        if not isinstance(content, dict) or not isinstance(cells := content.get("cells"), list | tuple):
            return content
        former: dict[Any, Any] = dict(content.get("former_cells", {}))
        codes = []
        for cell in cells:
            if isinstance(cell, dict) and cell.keys() == {"code", "formerly"} and isinstance(cell["code"], str):
                former[cell["code"]] = cell["formerly"]
                codes.append(cell["code"])
            else:
                codes.append(cell)
        return content | {"cells": codes, "former_cells": former}


class Tolerance(_Block):
    """Beyond `deviation` from the setpoint (or outside the plausible range) for `delay` seconds."""

    severity: Literal["warning", "major", "critical"]
    deviation: FiniteFloat = Field(gt=0)
    delay: FiniteFloat = Field(ge=0)


class AlarmDefault(_Block):
    """One level of an alarm rule of a parameter; people may set others on the web.

    `threshold` is in the parameter's unit (low, high, and no_effect, of a command), that unit a minute (rate) or hours
    (frozen); the other kinds need only a `delay`, in seconds.
    """

    kind: Literal["low", "high", "rate", "frozen", "no_value", "implausible", "open", "no_effect"]
    severity: Literal["warning", "major", "critical"]
    threshold: FiniteFloat = 0
    delay: FiniteFloat = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _amount(self) -> Self:
        if self.kind in {"rate", "frozen"} and self.threshold <= 0:
            raise ValueError(f"an alarm of kind {self.kind} needs a threshold greater than 0")
        return self


class Parameter(_Block):
    """A quantity that cells have. `setpoint_of` pairs it with a measured one in the same unit."""

    code: Code
    label: Label
    formerly: Formerly = ()
    unit: str = Field(default="", max_length=20)
    kind: Literal["measured", "setpoint", "command", "counter", "state"] = "measured"
    setpoint_of: Code | None = None
    command_of: Code | None = None
    resolution: FiniteFloat = Field(default=0.1, gt=0)
    minimum: FiniteFloat | None = None
    maximum: FiniteFloat | None = None
    states: dict[str, Label] = Field(default_factory=dict, description="words for the values of a state")
    cells: tuple[Code, ...] | None = Field(default=None, description="the only cells that have it")
    tolerances: tuple[Tolerance, ...] = ()
    alarms: tuple[AlarmDefault, ...] = ()
    main: bool = Field(default=False, description="shown first on cards and on the plan")

    @property
    def decimals(self) -> int:
        """Digits after the decimal point that the resolution is worth."""
        text = f"{self.resolution:.6f}".rstrip("0")
        return len(text.partition(".")[2])

    def plausible(self, value: float) -> bool:
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)


class Site(_Block):
    """A whole station. Looked up by code; the order of the file is the order people see."""

    name: str = Field(min_length=1, max_length=200)
    timezone: str = "UTC"
    period: FiniteFloat = Field(default=10, gt=0, description="seconds between readings, unless a unit says")
    plan: Plan | None = None
    units: tuple[Unit, ...] = Field(min_length=1)
    parameters: tuple[Parameter, ...] = Field(min_length=1)
    texts: dict[Code, Label] = Field(default_factory=dict)
    links: dict[Code, str] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {name!r}") from error
        return name

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        for what, codes in (
            ("unit", [unit.code for unit in self.units]),
            ("cell", [cell for unit in self.units for cell in unit.cells]),
            ("parameter", [parameter.code for parameter in self.parameters]),
        ):
            if twice := {code for code in codes if codes.count(code) > 1}:
                raise ValueError(f"{what} named twice: {', '.join(sorted(twice))}")
        if reserved := {unit.code for unit in self.units} & topics.RESERVED:
            raise ValueError(f"a unit cannot be called {', '.join(sorted(reserved))}: the topics need that word")
        cells = {cell for unit in self.units for cell in unit.cells}
        known = {parameter.code: parameter for parameter in self.parameters}
        for parameter in self.parameters:
            if parameter.cells is not None and (strays := set(parameter.cells) - cells):
                raise ValueError(f"parameter {parameter.code}: no such cell: {', '.join(sorted(strays))}")
            if parameter.command_of is None and any(alarm.kind == "no_effect" for alarm in parameter.alarms):
                raise ValueError(f"parameter {parameter.code}: only a command (command_of) can be without effect")
            for partner in (parameter.setpoint_of, parameter.command_of):
                if partner is not None and partner not in known:
                    raise ValueError(f"parameter {parameter.code}: no parameter is called {partner}")
            if parameter.setpoint_of is not None and known[parameter.setpoint_of].unit != parameter.unit:
                raise ValueError(
                    f"parameter {parameter.code}: a setpoint has the unit of what it sets;"
                    " use command_of for a pair with different units"
                )
        return self

    @model_validator(mode="after")
    def _former_codes_fit(self) -> Self:
        present = {
            "unit": set(self.unit_by_code),
            "cell": set(self.unit_of_cell),
            "parameter": set(self.parameter_by_code),
        }
        for unit in self.units:
            if strays := unit.former_cells.keys() - set(unit.cells):
                raise ValueError(f"unit {unit.code}: former_cells names no cell of it: {', '.join(sorted(strays))}")
        for what, former in self._former_codes().items():
            olds = [old for old, _ in former]
            if wrong := {old for old in olds if old in present[what] or olds.count(old) > 1}:
                raise ValueError(
                    f"formerly of a {what} names {', '.join(sorted(wrong))}, which is another {what} now"
                    " or is named twice"
                )
        return self

    def _former_codes(self) -> dict[str, list[tuple[str, str]]]:
        return {
            "unit": [(old, unit.code) for unit in self.units for old in unit.formerly],
            "cell": [(old, new) for unit in self.units for new, olds in unit.former_cells.items() for old in olds],
            "parameter": [(old, parameter.code) for parameter in self.parameters for old in parameter.formerly],
        }

    @cached_property
    def former_codes(self) -> dict[str, dict[str, str]]:
        """Present codes by former ones, for `unit`, `cell` and `parameter`."""
        return {what: dict(pairs) for what, pairs in self._former_codes().items()}

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def unit_by_code(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def unit_of_cell(self) -> dict[str, Unit]:
        return {cell: unit for unit in self.units for cell in unit.cells}

    @cached_property
    def parameter_by_code(self) -> dict[str, Parameter]:
        return {parameter.code: parameter for parameter in self.parameters}

    @cached_property
    def setpoint_by_measured(self) -> dict[str, Parameter]:
        """The setpoint parameter of each measured one that has one, by the measured one's code."""
        return {p.setpoint_of: p for p in self.parameters if p.setpoint_of is not None}

    def parameters_of(self, cell: str) -> tuple[Parameter, ...]:
        """Return what a cell has, in the order of the file."""
        return tuple(p for p in self.parameters if p.cells is None or cell in p.cells)

    def period_of(self, cell: str) -> float:
        """Return the seconds that should lie between two readings of a cell."""
        return self.unit_of_cell[cell].period or self.period


def read_site(path: Path | None = None) -> Site:
    """Read a site file, or the Ecotron's where no path is given; raise SiteError with every fault."""
    source = files("schemas") / "ecotron.toml" if path is None else path
    try:
        return Site.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise SiteError(f"site file {source}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteError(f"site file {source}: not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [
            f"site file {source}: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise SiteError("\n".join(lines)) from error
