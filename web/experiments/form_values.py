"""The values of the experiment form, each as the text that was sent, to be parsed or rendered again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from facility.acting.refusals import Invalid
from facility.acting.user_messages import UserMessage, message
from facility.experiments.drafts import Tolerance
from facility.experiments.views import ExperimentView
from schemas.site import Parameter, Site
from web.http.forms import form_text_list, form_texts

LINES = ("title", "code", "team", "scientific_contact", "technical_contact")
TEXTS = (*LINES, "objective", "description", "planned_start", "planned_end")
LIMITS = ("deviation", "low", "high")
FIELDS = (*TEXTS, "cells", "parameters")
# What a parameter is judged with until somebody says otherwise: ten minutes, a warning.
USUAL_MINUTES = "10"
LONGEST_MINUTES = 7 * 1440


@dataclass(frozen=True, slots=True)
class ExperimentFormValues:
    """`texts` has the lines by their field's name, limits as `deviation-co2`; the others are boxes that are ticked."""

    texts: Mapping[str, str]
    cells: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        return self.texts.get(name, "")

    def limit(self, member: str, code: str) -> str:
        return self.texts.get(f"{member}-{code}", {"delay": USUAL_MINUTES, "severity": "warning"}.get(member, ""))

    def taking(self, other: "ExperimentFormValues", fields: frozenset[str]) -> "ExperimentFormValues":
        """Return this with some fields as the other has them."""
        texts = dict(self.texts) | {name: other.text(name) for name in TEXTS if name in fields}
        taken = self
        if "cells" in fields:
            taken = replace(taken, cells=other.cells)
        if "parameters" in fields:
            texts = {name: text for name, text in texts.items() if "-" not in name}
            texts |= {name: text for name, text in other.texts.items() if "-" in name}
            taken = replace(taken, parameters=other.parameters)
        return replace(taken, texts=texts)

    def hidden(self) -> list[tuple[str, str]]:
        """Return all of it as the fields of a form."""
        boxes = [("cell", code) for code in self.cells] + [("parameter", code) for code in self.parameters]
        return [*self.texts.items(), *boxes]


def from_form(data: Mapping[str, object]) -> ExperimentFormValues:
    """Take what was sent; boxes that were not ticked are not sent."""
    kept = {
        name: text
        for name, text in form_texts(data).items()
        if name in TEXTS or name == "state" or name.partition("-")[0] in {*LIMITS, "delay", "severity"}
    }
    return ExperimentFormValues(kept, tuple(form_text_list(data, "cell")), tuple(form_text_list(data, "parameter")))


def from_view(view: ExperimentView, language: str) -> ExperimentFormValues:
    """Write what is kept as people of this language type it."""
    texts = {name: str(getattr(view, name) or "") for name in TEXTS}
    for parameter in view.parameters:
        texts |= {
            f"{member}-{parameter.parameter}": _decimal(getattr(parameter, member), language) for member in LIMITS
        }
        texts |= {f"delay-{parameter.parameter}": _decimal(parameter.delay / 60, language)}
        texts |= {f"severity-{parameter.parameter}": parameter.severity}
    return ExperimentFormValues(texts, view.cells, tuple(parameter.parameter for parameter in view.parameters))


def values(submitted: ExperimentFormValues) -> dict[str, object]:
    """Return the values for the facility's models; raise Invalid for errors of this form alone."""
    faults: dict[str, UserMessage] = {}
    tolerances = []
    for code in submitted.parameters:
        one: dict[str, object] = {"parameter": code, "severity": submitted.limit("severity", code)}
        one |= {member: _plain(submitted.limit(member, code)) or None for member in LIMITS}
        seconds = _seconds(submitted.limit("delay", code))
        if seconds is None:
            faults[f"delay-{code}"] = message("Minutes from 0 to {most}.", most=LONGEST_MINUTES)
        tolerances.append(one | {"delay": seconds})
    if faults:
        raise Invalid(faults)
    return {name: submitted.text(name) for name in TEXTS} | {"cells": list(submitted.cells), "parameters": tolerances}


def at_fields(refusal: Invalid, submitted: ExperimentFormValues) -> Invalid:
    """Name the faults as the form names its fields: `parameters.2.low` is `low-co2`."""
    named: dict[str, UserMessage] = {}
    for place, words in refusal.faults.items():
        name, _, rest = place.partition(".")
        position, _, member = rest.partition(".")
        if name == "parameters" and member and position.isdigit() and int(position) < len(submitted.parameters):
            code = submitted.parameters[int(position)]
            name = f"parameter-{code}" if member == "parameter" else f"{member.partition('.')[0]}-{code}"
        named.setdefault(name, words)
    return Invalid(named)


def offered(site: Site, submitted: ExperimentFormValues) -> list[Parameter]:
    """Return the parameters that the form lists: what is measured, and what was chosen anyhow."""
    return [p for p in site.parameters if p.setpoint_of is None or p.code in submitted.parameters]


def comparable(field: str, kept: Any) -> Any:
    """Return a field's value so that equal means the same: lists are sets of what they name."""
    if field == "cells":
        return sorted(kept or ())
    if field == "parameters":
        return sorted(
            (Tolerance.model_validate(item).model_dump() for item in kept or ()), key=lambda item: item["parameter"]
        )
    return kept or ""


def _decimal(value: float | None, language: str) -> str:
    if value is None:
        return ""
    text = f"{Decimal(repr(value)):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", ",") if language == "fr" else text


def _plain(text: str) -> str:
    """Return a number as programs write it: people type a decimal comma and group with spaces."""
    return "".join(text.split()).replace(",", ".").replace("−", "-")


def _seconds(text: str) -> int | None:
    try:
        minutes = Decimal(_plain(text) or "0")
    except InvalidOperation:
        return None
    return round(minutes * 60) if minutes.is_finite() and 0 <= minutes <= LONGEST_MINUTES else None
