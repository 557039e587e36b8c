"""What a check of the doctor says."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw; `warn` works today but may not tomorrow."""

    state: Literal["ok", "warn", "FAIL"]
    subject: str
    text: str
