"""What may be shown on Discord, checked before every answer."""

from collections.abc import Iterable

from bot.settings import Choice, ShowSettings
from schemas.messages import Alarm
from schemas.site import Parameter, Site, Unit
from service.settings import SettingsError


class Policy:
    """The settings' answer to "may Discord see this?"; what is not in the site is never shown."""

    def __init__(self, show: ShowSettings, site: Site) -> None:
        """Raise SettingsError for a cell or parameter that the site does not have."""
        if faults := list(_unknown(show, site)):
            raise SettingsError("\n".join(faults))
        self._show, self._site = show, site

    @property
    def names(self) -> bool:
        return self._show.names

    def units(self) -> list[Unit]:
        """Return the units that have a cell to show."""
        return [unit for unit in self._site.units if self.cells_of(unit)]

    def cells(self) -> list[str]:
        return [cell for unit in self._site.units for cell in self.cells_of(unit)]

    def cells_of(self, unit: Unit) -> list[str]:
        return [cell for cell in unit.cells if _in(cell, self._show.cells)]

    def cell(self, cell: str) -> bool:
        return cell in self._site.unit_of_cell and _in(cell, self._show.cells)

    def parameters_of(self, cell: str) -> list[Parameter]:
        return [parameter for parameter in self._site.parameters_of(cell) if self.parameter(parameter.code)]

    def parameter(self, parameter: str) -> bool:
        return _in(parameter, self._show.parameters)

    def experiment(self, code: str) -> bool:
        return _in(code, self._show.experiments)

    def any_experiment(self) -> bool:
        return self._show.experiments != "none" and bool(self._show.experiments)

    def alarm(self, alarm: Alarm) -> bool:
        """Return whether an alarm may be told: its cell and its parameter must both be allowed."""
        cell = alarm.cell or (alarm.place if alarm.place in self._site.unit_of_cell else None)
        return (cell is None or self.cell(cell)) and (alarm.parameter is None or self.parameter(alarm.parameter))


def _in(code: str, choice: Choice) -> bool:
    if isinstance(choice, str):
        return choice == "all"
    return code in choice


def _unknown(show: ShowSettings, site: Site) -> Iterable[str]:
    for what, choice, known in (
        ("cells", show.cells, site.unit_of_cell),
        ("parameters", show.parameters, site.parameter_by_code),
    ):
        if not isinstance(choice, str):
            yield from (f"setting bot.show.{what}: the site has no {code}" for code in choice if code not in known)
