"""The csv source: follows the log file that a unit's PC writes."""

from publisher.sources.csv.joining import CsvSource
from publisher.sources.csv.settings import Settings
from publisher.sources.mapping import check_targets
from publisher.sources.source import Source
from schemas.site import Site, Unit
from service.settings import SettingsError

__all__ = ["Settings", "open_source"]


def open_source(settings: Settings, site: Site, unit: Unit) -> Source:
    """Check the mapping against the site and return the source; raise SettingsError."""
    for number, file in enumerate(settings.files):
        targets: list[tuple[str, str, str]] = []
        where = f"source.files.{number}"
        # One file for the whole station: the lines of other units' cells are theirs.
        if strays := sorted(set(file.cells.values()) - site.unit_of_cell.keys()):
            raise SettingsError(f"setting {where}.cells: this site has no cell {', '.join(strays)}")
        ours = set(file.cells.values()) & set(unit.cells)
        if file.cells and not ours:
            raise SettingsError(f"setting {where}.cells: none is a cell of {unit.code}: {', '.join(unit.cells)}")
        for name, column in file.mapped.items():
            # With cell_column, any line may belong to any cell, so each must have what is mapped.
            cell = column.cell or file.cell
            places = [cell] if cell else ours or unit.cells
            targets += [(f"{where}.columns.{name}", place, column.parameter) for place in places]
        check_targets(targets, site, unit)
    return CsvSource(settings, site, unit)
