"""How alarms look in the channel: alone, or up to ten in one message when many come at once."""

import re
from collections.abc import Sequence

import discord

from bot.alarms.buttons import AlarmButton, AlarmMenu
from bot.context import Context
from bot.escaping import escape
from bot.gateway.panels import Panel
from bot.texts import Texts
from facility.alarms.notifications import Item

# Discord: ten embeds and 6,000 characters over all of them.
GROUP = 10
_COLOURS = {"warning": 0xD98200, "major": 0xC62828, "critical": 0x8E0000}
_GRAVE = {_COLOURS["major"], _COLOURS["critical"]}
_GREY = 0x5B6675


def message(context: Context, items: Sequence[Item], batch: str) -> tuple[str, list[discord.Embed], discord.ui.View]:
    """Return content, embeds and buttons for these alarms, which share one message."""
    texts = context.texts()
    shown = [item for item in items if context.policy.alarm(item.alarm)]
    words = _role(context) if any(map(grave, shown)) else []
    if len(shown) > 1:
        words.append(texts("storm", n=len(shown)))
    embeds = [_embed(context, item, batch, texts, alone=len(shown) == 1) for item in shown]
    return " ".join(words), embeds, _view(context, shown, texts)


def plain(context: Context, items: Sequence[Item]) -> str:
    """Return the alarms in plain lines, where Discord does not take their message as it should be."""
    texts = context.texts()
    shown = [item for item in items if context.policy.alarm(item.alarm)]
    lines = "\n".join(short(context, item, texts)[: 1800 // len(shown)] for item in shown)
    return " ".join([*(_role(context) if any(map(grave, shown)) else []), lines])


def grave(item: Item) -> bool:
    """Tell whether an alarm wants somebody at once."""
    return item.alarm.severity != "warning" and item.alarm.state == "active" and not item.over


def has_become_grave(item: Item, old: Sequence[discord.Embed]) -> bool:
    """Tell whether an alarm is grave now and was not when its message was last written."""
    before = next((embed for embed in old if _number(embed) == item.alarm.id), None)
    return grave(item) and before is not None and before.colour is not None and before.colour.value not in _GRAVE


def call(context: Context, item: Item) -> str:
    """Return the words of a reply that calls people to an alarm again."""
    return " ".join([*_role(context), short(context, item, context.texts())])


def short(context: Context, item: Item, texts: Texts) -> str:
    """Return an alarm in one line."""
    alarm = item.alarm
    what = escape(alarm.text.get(texts.language) or alarm.code, 150)
    where = f"{texts(f'severity_{alarm.severity}')} · **{escape(alarm.place)}**"
    return f"{where} · {what} · {state_words(context, item, texts)}"


def state_words(context: Context, item: Item, texts: Texts) -> str:
    """Return what has become of an alarm; who acknowledged it only where names may leave the site."""
    alarm = item.alarm
    if item.over:
        return texts("alarm_over")
    if alarm.state == "shelved" and alarm.shelved_until is not None:
        return texts("alarm_shelved", until=round(alarm.shelved_until.timestamp()))
    if alarm.state == "acknowledged" and alarm.acknowledged_by and context.policy.names:
        return texts("alarm_acknowledged_by", name=escape(alarm.acknowledged_by, 100))
    return texts(f"alarm_{'active' if alarm.state == 'shelved' else alarm.state}")


def _role(context: Context) -> list[str]:
    role = context.settings.mention_role
    return [] if role is None else [f"<@&{role}>"]


def _number(embed: discord.Embed) -> int | None:
    """Return the alarm's number from the footer that `_embed` wrote."""
    found = re.search(r"\d+", embed.footer.text or "")
    return None if found is None else int(found[0])


def _embed(context: Context, item: Item, batch: str, texts: Texts, *, alone: bool) -> discord.Embed:
    alarm = item.alarm
    page = context.page(f"/cells/{alarm.cell}" if alarm.cell in context.site.unit_of_cell else "/")
    text = alarm.text.get(texts.language) or next(iter(alarm.text.values()), alarm.code)
    embed = discord.Embed(
        title=f"{texts(f'severity_{alarm.severity}')} · {escape(alarm.place, 200)}",
        description=escape(text, 1500 if alone else 200),
        colour=_GREY if item.over or alarm.state in {"returned", "shelved"} else _COLOURS[alarm.severity],
        url=page,
    )
    embed.add_field(name=texts("state"), value=state_words(context, item, texts))
    embed.add_field(name=texts("alarm_since"), value=f"<t:{round(alarm.since.timestamp())}:f>")
    if item.ended_at is not None:
        embed.add_field(name=texts("alarm_ended"), value=f"<t:{round(item.ended_at.timestamp())}:f>")
    if alarm.value is not None and alone:
        parameter = context.site.parameter_by_code.get(alarm.parameter or "")
        decimals, unit = (parameter.decimals, parameter.unit) if parameter else (1, "")
        numbers = [texts.number(n, decimals) for n in (alarm.value, alarm.threshold) if n is not None]
        embed.add_field(name=texts("alarm_value"), value=f"{' / '.join(numbers)} {unit}".strip())
    guidance = (alarm.guidance or {}).get(texts.language)
    if guidance and alone and not item.over:
        embed.add_field(name=texts("alarm_guidance"), value=escape(guidance), inline=False)
    embed.set_footer(text=texts("alarm_footer", id=alarm.id, batch=batch))
    return embed


def _view(context: Context, items: Sequence[Item], texts: Texts) -> discord.ui.View:
    view = Panel()
    live = [item for item in items if not item.over]
    to_acknowledge = [item for item in live if item.alarm.state in {"active", "returned"}]
    to_shelve = [item for item in live if item.alarm.state in {"active", "acknowledged"}]
    if len(items) == 1:
        for act, of in (("acknowledge", to_acknowledge), ("shelve", to_shelve)):
            for item in of:
                view.add_item(AlarmButton(act, item.alarm.id, texts(act)))
    else:
        for act, of in (("acknowledge", to_acknowledge), ("shelve", to_shelve)):
            options = [(str(i.alarm.id), f"{i.alarm.place} · {i.alarm.text.get(texts.language, '')}") for i in of]
            if options:
                view.add_item(AlarmMenu(act, items[0].alarm.id, texts(f"{act}_menu"), options))
    page = context.page("/")
    if page is not None:
        view.add_item(discord.ui.Button(label=texts("page_alarms"), url=page))
    return view
