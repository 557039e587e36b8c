"""Whatever an alarm says, its message and its line are within Discord's limits."""

from collections.abc import Callable

import pytest

from bot.alarms.embeds import GROUP, message, short
from bot.context import Context
from facility.alarms.notifications import Item
from schemas import times
from schemas.messages import Alarm
from tests.bot.discord import limits
from tests.bot.rig import alarm


def item(one: Alarm) -> Item:
    return Item(one.id, one, False, None, 1, True, None, None, None, 0, times.now())


def longest(number: int) -> Alarm:
    one = alarm(number, text="*" * 500, severity="critical")
    return one.model_copy(update={"guidance": {"fr": "*" * 1000}, "value": 1e300, "threshold": -1e300})


@pytest.mark.parametrize("make", [longest, lambda n: alarm(n).model_copy(update={"text": {"fr": "", "en": ""}})])
@pytest.mark.parametrize("count", [1, 2, GROUP])
async def test_messages_fit(context: Context, make: Callable[[int], Alarm], count: int) -> None:
    items = [item(make(n)) for n in range(2**31 - 1 - count, 2**31 - 1)]
    content, embeds, view = message(context, items, "0123456789abcdef")
    body = {"content": content, "embeds": [one.to_dict() for one in embeds], "components": view.to_components()}
    assert list(limits.message(body, [])) == []
    assert all(len(short(context, one, context.texts())) < 400 for one in items)
