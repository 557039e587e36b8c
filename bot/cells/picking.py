"""Unit, cell, parameter: one message edited in place.

All that a button needs is in its own id, so it works after any restart; what it names is looked up when pressed.
"""

import re
from typing import Any, Self

import discord

from bot.cells.cards import card
from bot.context import Context
from bot.gateway.answers import incident, tell
from bot.gateway.panels import Panel, Part
from bot.texts import Texts
from schemas.site import Unit

# Owner 0: the message is shown to one person only.
_OWNED = r"o1:{kind}:(?P<owner>\d+):(?P<code>[A-Za-z0-9_-]*)"
MENU = 25
BUTTONS = 20

Interaction = discord.Interaction[Any]


class Step:
    """A message's content at one step of the choice."""

    def __init__(self, content: str = "", embed: discord.Embed | None = None) -> None:
        self.content, self.embed = content, embed
        self.file: discord.File | None = None
        self.view = Panel()

    async def edit(self, interaction: Interaction) -> None:
        """Show this step in the message whose button was pressed."""
        await interaction.edit_original_response(
            content=self.content or None,
            embed=self.embed,
            attachments=[self.file] if self.file else [],
            view=self.view,
        )


def units_step(context: Context, texts: Texts, owner: int, prompt: str | None = None) -> Step:
    units = context.policy.units()
    if not units:
        return Step(texts("nothing_shown"))
    step = Step(prompt or texts("pick_unit"))
    if len(units) <= BUTTONS:
        for unit in units:
            step.view.add_item(Pick("u", owner, unit.code, unit.label.in_(texts.language)))
    else:
        named = [(unit.code, unit.label.in_(texts.language)) for unit in units]
        _menus(step.view, "m", named, owner=owner, title=texts("units_menu"))
    return step


def cells_step(context: Context, texts: Texts, owner: int, unit: Unit) -> Step:
    step = Step(texts("pick_cell", unit=unit.label.in_(texts.language)))
    cells = [
        (cell, texts("cell_button", number=number, cell=cell))
        for number, cell in enumerate(unit.cells, 1)
        if context.policy.cell(cell)
    ]
    if len(cells) <= BUTTONS:
        for cell, label in cells:
            step.view.add_item(Pick("c", owner, cell, label))
    else:
        _menus(step.view, "n", cells, owner=owner, title=texts("cells_menu"))
    step.view.add_item(Pick("b", owner, "", texts("back"), secondary=True))
    return step


def parameters_step(context: Context, texts: Texts, owner: int, cell: str, prompt: str | None = None) -> Step:
    unit = context.site.unit_of_cell[cell]
    step = Step(prompt or texts("pick_parameter", unit=unit.label.in_(texts.language), cell=cell))
    _parameter_menus(context, step.view, owner, cell, texts)
    step.view.add_item(Pick("u", owner, unit.code, texts("back"), secondary=True))
    return step


async def card_step(context: Context, texts: Texts, owner: int, cell: str, parameter: str) -> Step:
    """Return the answer, with the menu still below it; a wrong code leads back to a choice."""
    if not context.policy.cell(cell):
        return units_step(context, texts, owner, texts("cell_gone", cell=cell[:64]))
    found = next((p for p in context.policy.parameters_of(cell) if p.code == parameter), None)
    if found is None:
        prompt = texts("parameter_gone", cell=cell, parameter=parameter[:64])
        return parameters_step(context, texts, owner, cell, prompt)
    embed, file = await card(context, cell, found, texts)
    step = Step(embed=embed)
    step.file = file
    _parameter_menus(context, step.view, owner, cell, texts)
    unit = context.site.unit_of_cell[cell]
    step.view.add_item(Pick("u", owner, unit.code, texts("back"), secondary=True))
    if (page := context.page(f"/cells/{cell}")) is not None:
        step.view.add_item(discord.ui.Button(label=texts("cell_page"), url=page))
    return step


def _parameter_menus(context: Context, view: discord.ui.View, owner: int, cell: str, texts: Texts) -> None:
    options = [(p.code, p.label.in_(texts.language)) for p in context.policy.parameters_of(cell)]
    _menus(view, "p", options, owner=owner, code=cell, title=texts("parameter_menu"), texts=texts)


def _menus(
    view: discord.ui.View,
    kind: str,
    options: list[tuple[str, str]],
    *,
    owner: int,
    code: str = "",
    title: str,
    texts: Texts | None = None,
) -> None:
    """Add as many menus as the options need: 25 each, four at most."""
    for page in range(min(4, -(-len(options) // MENU))):
        prompt = title if page == 0 or texts is None else texts("more_menu", page=page + 1)
        view.add_item(Menu(f"{kind}{page or ''}", owner, code, prompt, options[page * MENU : (page + 1) * MENU]))


async def _mine(interaction: Interaction, owner: int) -> bool:
    if owner in {0, interaction.user.id}:
        return True
    context: Context = interaction.client.context
    await tell(interaction, context.texts(interaction.locale)("not_yours"))
    return False


async def _go(interaction: Interaction, owner: int, kind: str, code: str, parameter: str = "") -> None:
    context: Context = interaction.client.context
    texts = context.texts(interaction.locale)
    if not await _mine(interaction, owner):
        return
    if kind == "p":
        # Said at once; the menu is gone meanwhile, so nobody presses twice.
        await interaction.response.edit_message(content=texts("loading"), embed=None, attachments=[], view=None)
        try:
            step = await card_step(context, texts, owner, code, parameter)
        except Exception as error:  # noqa: BLE001 - logged by `incident`; "Loading" must not stay
            step = units_step(context, texts, owner, texts("incident", number=incident(error)))
        await step.edit(interaction)
        return
    if kind == "u" and code in context.site.unit_by_code:
        step = cells_step(context, texts, owner, context.site.unit_by_code[code])
    elif kind == "c" and context.policy.cell(code):
        step = parameters_step(context, texts, owner, code)
    elif kind == "b":
        step = units_step(context, texts, owner)
    else:
        step = units_step(context, texts, owner, texts("cell_gone", cell=code))
    await interaction.response.edit_message(content=step.content, embed=step.embed, attachments=[], view=step.view)


class Pick(Part, discord.ui.DynamicItem[discord.ui.Button[Any]], template=_OWNED.format(kind="(?P<kind>[ucb])")):
    """A button that leads to a unit's cells (u), a cell's parameters (c) or back to the units (b)."""

    def __init__(self, kind: str, owner: int, code: str, label: str = "", *, secondary: bool = False) -> None:
        style = discord.ButtonStyle.secondary if secondary else discord.ButtonStyle.primary
        self.kind, self.owner, self.code = kind, owner, code
        super().__init__(discord.ui.Button(label=label[:80] or "…", style=style, custom_id=f"o1:{kind}:{owner}:{code}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        del interaction, item
        return cls(match["kind"], int(match["owner"]), match["code"])

    async def act(self, interaction: Interaction) -> None:
        await _go(interaction, self.owner, self.kind, self.code)


class Menu(
    Part, discord.ui.DynamicItem[discord.ui.Select[Any]], template=_OWNED.format(kind=r"(?P<kind>[pmn])(?P<page>\d?)")
):
    """A menu of a cell's parameters (p), of units (m) or of cells (n)."""

    def __init__(self, kind: str, owner: int, code: str, title: str, options: list[tuple[str, str]]) -> None:
        self.kind, self.owner, self.code = kind[0], owner, code
        super().__init__(
            discord.ui.Select(
                custom_id=f"o1:{kind}:{owner}:{code}",
                placeholder=title[:150] or None,
                options=[discord.SelectOption(label=label[:100], value=value) for value, label in options],
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        del interaction, item
        return cls(f"{match['kind']}{match['page']}", int(match["owner"]), match["code"], "", [])

    async def act(self, interaction: Interaction) -> None:
        values = self.item.values
        chosen = values[0] if values else ""
        if self.kind == "p":
            await _go(interaction, self.owner, "p", self.code, chosen)
        else:
            await _go(interaction, self.owner, "u" if self.kind == "m" else "c", chosen)
