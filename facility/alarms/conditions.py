"""What can be wrong, and how it is written for people."""

from dataclasses import dataclass

from facility.alarms.texts import Quantity
from schemas.site import Label
from telemetry.alarms.rules import Kind

PLAIN = Quantity()


@dataclass(frozen=True, slots=True)
class Condition:
    """A watched condition: where, what, and how it is written for people."""

    place: str
    code: str
    kind: Kind
    name: Label
    quantity: Quantity = PLAIN
    cell: str | None = None
    parameter: str | None = None
