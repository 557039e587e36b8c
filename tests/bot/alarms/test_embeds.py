"""Whatever an alarm says, its message and its line are within Discord's limits."""

from collections.abc import Callable

import pytest

from bot.alarms.embeds import GROUP, message, short
from bot.context import Context
from bot.database import Database
from bot.drawing import font_files
from bot.policy import Policy
from bot.settings import BotSettings
from bot.station import Station
from bot.texts import read_catalogue
from broker.live_picture import LivePicture
from facility.alarms.notifications import Item
from schemas import times
from schemas.messages import Alarm
from schemas.site import Site
from service.settings import DatabaseSettings
from storage.database import connect
from tests.bot.discord import limits
from tests.bot.rig import alarm


@pytest.fixture
def context(site: Site) -> Context:
    database = Database(connect(DatabaseSettings()), 1)
    settings = BotSettings(mention_role=77, web_address="http://octopus.example")
    return Context(
        settings, site, Policy(settings.show, site), LivePicture(), Station(database.read, site.period), database,
        read_catalogue(), font_files(),
    )  # fmt: skip


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
