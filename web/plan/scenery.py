"""The plan's geometry, from the site file or laid out automatically.

The same picture exists three times: as planned, and with its buildings one below the other, three units abreast for a
tablet held upright and one for a phone.
"""

import random
from dataclasses import dataclass, field

from schemas.site import Building, Label, Rectangle, Site, Unit

# A unit as it is drawn where nobody said how large it is.
UNIT_WIDTH, UNIT_HEIGHT, GAP = 200.0, 150.0, 40.0
# Above its units a building needs room for its name, left and right for its walls.
HEAD, WALL = 50.0, 30.0


@dataclass(frozen=True, slots=True)
class Chamber:
    """A cell's place: the front that people see and press."""

    cell: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Machine:
    """A unit: its outline and its chambers."""

    unit: Unit
    place: Rectangle
    chambers: tuple[Chamber, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    x: float
    y: float
    radius: float
    tone: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything to draw, back to front."""

    width: float
    height: float
    buildings: tuple[Building, ...]
    machines: tuple[Machine, ...]
    paths: tuple[str, ...] = ()
    trees: tuple[Tree, ...] = field(default=())


def planned(site: Site) -> Scene:
    """Return the picture as the site file describes it; a site that describes none gets a row of halls."""
    if site.plan is None or any(unit.place is None for unit in site.units):
        return _scene(_automatic(site, columns=min(3, len(site.units))))
    places = {unit.code: unit.place for unit in site.units if unit.place is not None}
    return _scene((site.plan.width, site.plan.height, site.plan.buildings, [(u, places[u.code]) for u in site.units]))


def stacked(site: Site, columns: int = 1) -> Scene:
    """Return the buildings one below the other, each around its units, at most `columns` of these abreast."""
    groups: list[tuple[Label, list[Unit]]] = []
    for unit in site.units:
        label = _building_of(site, unit)
        if groups and groups[-1][0] == label:
            groups[-1][1].append(unit)
        else:
            groups.append((label, [unit]))
    columns = min(columns, max(len(members) for _, members in groups))
    step_x, step_y, y = UNIT_WIDTH + GAP * 0.6, UNIT_HEIGHT + GAP * 0.6, 20.0
    buildings, units = [], []
    for label, members in groups:
        height = HEAD + -(-len(members) // columns) * step_y + WALL * 0.5
        buildings.append(Building(label=label, x=20, y=y, width=_row(min(columns, len(members))), height=height))
        for n, unit in enumerate(members):
            left, top = 20 + WALL + n % columns * step_x, y + HEAD + n // columns * step_y
            units.append((unit, Rectangle(x=left, y=top, width=UNIT_WIDTH, height=UNIT_HEIGHT)))
        y += height + GAP
    return _scene((_row(columns) + 40, y, tuple(buildings), units))


def _row(units: int) -> float:
    """Return how wide a building around so many units abreast is."""
    return units * UNIT_WIDTH + (units - 1) * GAP * 0.6 + 2 * WALL


_Layout = tuple[float, float, tuple[Building, ...], list[tuple[Unit, Rectangle]]]


def _automatic(site: Site, columns: int) -> _Layout:
    """Give each unit a house of its own, in rows."""
    buildings, units = [], []
    step_x, step_y = UNIT_WIDTH + 2 * WALL + GAP, UNIT_HEIGHT + HEAD + WALL + GAP
    for n, unit in enumerate(site.units):
        x, y = GAP + n % columns * step_x, GAP + n // columns * step_y
        house = Rectangle(x=x, y=y, width=step_x - GAP, height=step_y - GAP)
        buildings.append(Building(label=unit.label, **house.model_dump()))
        units.append((unit, Rectangle(x=x + WALL, y=y + HEAD, width=UNIT_WIDTH, height=UNIT_HEIGHT)))
    rows = -(-len(site.units) // columns)
    return GAP + columns * step_x, GAP + rows * step_y, tuple(buildings), units


def _building_of(site: Site, unit: Unit) -> Label:
    if site.plan is not None and unit.place is not None:
        x, y = unit.place.x + unit.place.width / 2, unit.place.y + unit.place.height / 2
        for building in site.plan.buildings:
            if building.x <= x <= building.x + building.width and building.y <= y <= building.y + building.height:
                return building.label
    return unit.label


def _scene(layout: _Layout) -> Scene:
    width, height, buildings, units = layout
    machines = tuple(Machine(unit, place, _chambers(unit, place)) for unit, place in units)
    paths = _walkways(width, height, buildings)
    return Scene(width, height, buildings, machines, paths, _trees(width, height, buildings))


def _chambers(unit: Unit, place: Rectangle) -> tuple[Chamber, ...]:
    """Stand the chambers side by side; behind them lies the laboratory room."""
    count = len(unit.cells)
    gap = place.width * 0.03
    wide = (place.width - gap * (count + 1)) / count
    top, tall = place.y + place.height * 0.3, place.height * 0.62
    return tuple(Chamber(cell, place.x + gap + n * (wide + gap), top, wide, tall) for n, cell in enumerate(unit.cells))


def _walkways(width: float, height: float, buildings: tuple[Building, ...]) -> tuple[str, ...]:
    """Lead from each building's door to the way that crosses the site in its widest free strip."""
    edges = sorted({(b.y, b.y + b.height) for b in buildings})
    tops = [0.0, *(bottom for _, bottom in edges)]
    # The street runs below the first row, where most doors are; without a free strip, along the lower edge.
    free = [y + 25 for y in tops[1:] if not any(b.y < y + 25 < b.y + b.height and b.x < width / 2 for b in buildings)]
    street = free[0] if free else height - 15
    ways = [f"M0 {street:g}H{width:g}"]
    for b in buildings:
        door = b.x + b.width / 2
        edge = b.y + b.height if abs(b.y + b.height - street) < abs(b.y - street) else b.y
        if b.y < street < b.y + b.height:
            continue
        ways.append(f"M{door:g} {edge:g}V{street:g}")
    return tuple(ways)


def _trees(width: float, height: float, buildings: tuple[Building, ...]) -> tuple[Tree, ...]:
    """Place plants in free space, deterministically for a site."""
    rng = random.Random(f"{width:g} {height:g} {len(buildings)}")
    grown: list[Tree] = []
    for _ in range(260):
        tree = Tree(rng.uniform(26, width - 26), rng.uniform(26, height - 26), rng.uniform(9, 19), rng.randrange(3))
        clear = tree.radius + 12
        if any(
            b.x - clear < tree.x < b.x + b.width + clear and b.y - clear - 8 < tree.y < b.y + b.height + clear
            for b in buildings
        ):
            continue
        if any((t.x - tree.x) ** 2 + (t.y - tree.y) ** 2 < (t.radius + tree.radius) ** 2 for t in grown):
            continue
        grown.append(tree)
    return tuple(sorted(grown[:60], key=lambda t: t.y))
