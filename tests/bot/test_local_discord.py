"""The local Discord bites: what Discord would refuse or not deliver, it does not let pass either."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.bot.discord import limits
from tests.bot.discord.person import Person, eventually
from tests.bot.discord.server import CHANNEL, GUILD, TOKEN, LocalDiscord

HOME = discord.Object(GUILD)
BUTTON = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}
OPTION = {"label": "x", "value": "x"}
SELECT = {"type": 3, "custom_id": "s", "options": [OPTION]}
EMBED = {"title": "x", "fields": [{"name": "x", "value": "x"}], "image": {"url": "attachment://x.png"}}


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


def test_what_is_right_passes() -> None:
    body = {"content": "x" * 2000, "embeds": [EMBED] * 10, "nonce": "x" * 25, "components": [row(BUTTON), row(SELECT)]}
    assert list(limits.message(body, ["x.png"])) == []
    assert list(limits.choices([{"name": "x" * 100, "value": "x"}] * 25)) == []
    assert list(limits.commands([{"name": "x-é_1", "description": "x"}])) == []


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2001},
        {"nonce": "x" * 26},
        {"embeds": [EMBED] * 11},
        {"embeds": [{}]},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"description": "x" * 4097}]},
        {"embeds": [{"description": "x" * 3001}] * 2},
        {"embeds": [{"title": "x", "footer": {"text": "x" * 2049}}]},
        {"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]},
        {"embeds": [{"fields": [{"name": "x", "value": " "}]}]},
        {"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]},
        {"embeds": [{"title": "x", "color": -1}]},
        {"embeds": [{"title": "x", "url": "/plan"}]},
        {"embeds": [{"image": {"url": "attachment://other.png"}}]},
        {"attachments": [{"id": 0, "description": "x" * 1025}]},
        {"components": [row(BUTTON)] * 6},
        {"components": [row()]},
        {"components": [row(*({**BUTTON, "custom_id": str(n)} for n in range(6)))]},
        {"components": [row(SELECT, BUTTON)]},
        {"components": [row(BUTTON, BUTTON)]},
        {"components": [row({**BUTTON, "label": ""})]},
        {"components": [row({**BUTTON, "label": "x" * 81})]},
        {"components": [row({**BUTTON, "custom_id": "x" * 101})]},
        {"components": [row({**BUTTON, "style": 5})]},
        {"components": [row({"type": 2, "style": 5, "label": "x", "url": "octopus.example"})]},
        {"components": [row({**SELECT, "options": []})]},
        {"components": [row({**SELECT, "options": [{"label": str(n), "value": str(n)} for n in range(26)]})]},
        {"components": [row({**SELECT, "options": [OPTION, OPTION]})]},
        {"components": [row({**SELECT, "options": [{"label": "x" * 101, "value": "x"}]})]},
        {"components": [row({**SELECT, "placeholder": "x" * 151})]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_what_is_too_much_or_malformed_is_refused(body: dict[str, Any]) -> None:
    assert list(limits.message(body, ["x.png"]))


def test_empty_messages_file_names_choices_and_names_of_commands_are_judged() -> None:
    assert list(limits.empty({"content": " \n"}, []))
    assert not list(limits.empty({}, ["x.png"]))
    assert list(limits.message({}, ["a b.png"]))
    assert list(limits.choices([{"name": "x", "value": "x"}] * 26))
    assert list(limits.choices([{"name": "", "value": "x"}]))
    mistakes: list[dict[str, Any]] = [{"name": "web_CNRS"}, {"name": "x" * 33}, {"name": "a b"}, {"description": ""}]
    mistakes += [{"name_localizations": {"en-US": "Cell"}}, {"options": [{"name": "X", "description": "x"}]}]
    for wrong in mistakes:
        assert list(limits.commands([{"name": "x", "description": "x", **wrong}])), wrong
    assert list(limits.commands([{"name": "x", "description": "x"}] * 2))


class Toy(commands.Bot):
    """A bot with every mistake that is easily made: each command is one."""

    def __init__(self, *, content: bool = True, synced: bool = True) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=content)
        super().__init__("!", intents=intents, guild_ready_timeout=0)
        self._synced = synced

    async def setup_hook(self) -> None:
        for mistake in (slow, hungry, blind, twice):
            self.tree.add_command(app_commands.Command(name=mistake.__name__, description="x", callback=mistake))
        self.add_command(commands.Command(shout, name="shout"))
        if self._synced:
            self.tree.copy_global_to(guild=HOME)
            await self.tree.sync(guild=HOME)


async def slow(interaction: discord.Interaction) -> None:
    await asyncio.sleep(0.8)
    await interaction.response.send_message("too late")


async def hungry(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("x" * 2001)


async def blind(interaction: discord.Interaction) -> None:
    embed = discord.Embed(title="x").set_image(url="attachment://courbe.png")
    await interaction.response.send_message(embed=embed, file=discord.File(io.BytesIO(PNG), "other.png"))


async def twice(interaction: discord.Interaction) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="go", custom_id="go"))
    await interaction.response.send_message("once", view=view, ephemeral=True)
    interaction.response._response_type = None  # noqa: SLF001 - what a bot that forgot its answer would do
    await interaction.response.send_message("and again")


async def shout(reply: commands.Context[Any]) -> None:
    await reply.send("@everyone <@&77>")


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def local(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalDiscord]:
    local = LocalDiscord()
    await local.start()
    monkeypatch.setattr(Route, "BASE", f"{local.url}/api/v10")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.url.replace("http", "ws", 1) + "/gateway"))
    yield local
    await local.stop()


@asynccontextmanager
async def running(local: LocalDiscord, **options: bool) -> AsyncIterator[Toy]:
    async with Toy(**options) as toy:
        await toy.login(TOKEN)
        connected = asyncio.create_task(toy.connect())
        await eventually(lambda: local.sockets, "the toy is there")
        yield toy
        await toy.close()
        await connected


async def test_three_seconds_lengths_files_and_second_answers(local: LocalDiscord) -> None:
    ada = Person(local, 71, "ada")
    async with running(local) as toy:
        errors: list[BaseException] = []

        async def keep(_: Any, error: app_commands.AppCommandError) -> None:
            errors.append(getattr(error, "original", error))

        toy.tree.error(keep)
        local.interaction_seconds = 0.5
        for mistake in ("slow", "hungry", "blind"):
            with pytest.raises(AssertionError, match="no answer within"):
                await ada.slash(mistake)
        await eventually(lambda: len(errors) == 3, "each mistake is an error")
        codes = [error.code for error in errors if isinstance(error, discord.HTTPException)]
        assert sorted(codes) == [10062, 50035, 50035]
        assert len(local.violations) == 2
        local.interaction_seconds = 3
        once = await ada.slash("twice")
        await eventually(lambda: len(errors) == 4, "the second answer is refused")
        assert isinstance(errors[3], discord.HTTPException)
        assert errors[3].code == 40060
        # Nobody else sees it, and a button that no view of the bot knows answers nobody.
        with pytest.raises(AssertionError, match="somebody else"):
            await Person(local, 72, "bob").press(ada.sees(once), "go")
        local.interaction_seconds = 0.5
        toy._connection._view_store._views.clear()  # noqa: SLF001 - a restart without `add_view`
        with pytest.raises(AssertionError, match="no answer within"):
            await ada.press(ada.sees(once), "go")
        with pytest.raises(AssertionError, match="no button"):
            await ada.press(ada.sees(once), "stop")


async def test_mentions_content_and_commands_that_were_never_sent(local: LocalDiscord) -> None:
    ada = Person(local, 71, "ada")
    async with running(local):
        loud = await ada.say("!shout")
        assert loud is not None
        assert (loud["mention_everyone"], loud["mention_roles"]) == (True, ["77"])
    local.commands = []
    async with running(local, content=False, synced=False):
        before = len(local.posts)
        await ada.say("!shout", wait=False)
        with pytest.raises(AssertionError, match="no command"):
            await ada.slash("hungry")
        assert len(local.posts) == before


async def test_a_nonce_is_known_for_a_while_and_the_token_of_an_interaction_too(local: LocalDiscord) -> None:
    ada = Person(local, 71, "ada")
    async with running(local) as toy:
        channel = toy.get_partial_messageable(CHANNEL)
        first, second = await channel.send("x", nonce="same"), await channel.send("x", nonce="same")
        assert first.id == second.id
        local.forget_nonces()
        assert (await channel.send("x", nonce="same")).id != first.id
        one = await ada.slash("twice")
        local.token_seconds = 0
        with pytest.raises(discord.NotFound):
            await discord.Webhook.partial(500, one.token, client=toy).edit_message(first.id, content="too late")
