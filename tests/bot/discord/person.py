"""A person with a real client's limits: can press only what is there, and sees only what is meant for them."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from tests.bot.discord.answers import EPHEMERAL, Interaction
from tests.bot.discord.server import APPLICATION, CHANNEL, GUILD, LocalDiscord, stamp, user

Json = dict[str, Any]


@dataclass
class Person:
    """Acts through the gateway; each act returns what became of it."""

    discord: LocalDiscord
    id: int
    name: str
    locale: str = "fr"
    guild: int = GUILD

    async def say(self, text: str, *, wait: bool = True) -> Json | None:
        """Write a message; return the bot's next one."""
        before = set(self.discord.messages)
        said = self.discord.message({"content": text}, [], author=user(self.id, self.name))
        said |= {"guild_id": str(self.guild), "member": self._member()}
        if f"<@{APPLICATION}>" in text:
            said["mentions"] = [{**user(APPLICATION, "octopus", bot=True), "member": self._member(whole=False)}]
        await self.discord.dispatch("MESSAGE_CREATE", said)
        if not wait:
            return None

        def answer() -> Json | None:
            new = [m for i, m in self.discord.messages.items() if i not in before and m is not said]
            return new[0] if new else None

        return await eventually(answer, f"an answer to {text[:40]!r}")

    async def slash(self, name: str, *, done: bool = True, **options: str) -> Interaction:
        """Use a slash command by its French name, with options in the command's own words."""
        command = self._command(name)
        known = {option["name"] for option in command.get("options") or []}
        assert set(options) <= known, f"/{name} has no option {set(options) - known}"
        for option in command.get("options") or []:
            assert not option.get("required") or option["name"] in options, f"{option['name']} is required"
        given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        data = {"id": command["id"], "name": name, "type": 1, "guild_id": str(self.guild), "options": given}
        one = await self._interact(2, data)
        return await self.finished(one) if done else one

    async def complete(self, name: str, focused: str, typed: str, **others: str) -> list[Json]:
        """Return the choices that come up while an option is typed."""
        command = self._command(name)
        given = [{"name": key, "type": 3, "value": value} for key, value in others.items()]
        given.append({"name": focused, "type": 3, "value": typed, "focused": True})
        one = await self._interact(4, {"id": command["id"], "name": name, "type": 1, "options": given})
        await asyncio.wait_for(one.answered.wait(), 3)
        assert one.response is not None
        return list(one.response["data"]["choices"])

    async def press(self, message: Json, label: str, *, done: bool = True) -> Interaction:
        part = self._part(message, 2, label)
        one = await self._interact(3, {"custom_id": part["custom_id"], "component_type": 2}, message)
        return await self.finished(one) if done else one

    async def choose(self, message: Json, label: str, *, done: bool = True) -> Interaction:
        """Choose an option of any menu of the message by its label."""
        self._look_at(message)
        for part in _parts(message, 3):
            for option in part["options"]:
                if option["label"] == label:
                    data = {"custom_id": part["custom_id"], "component_type": 3, "values": [option["value"]]}
                    one = await self._interact(3, data, message)
                    return await self.finished(one) if done else one
        raise AssertionError(f"no option {label!r} in {labels(message)}")

    async def raw(self, custom_id: str, message: Json, values: list[str] | None = None) -> Interaction:
        """Send what a client would send for a component that may have gone meanwhile."""
        data: Json = {"custom_id": custom_id, "component_type": 2 if values is None else 3}
        part: Json = {"type": 2, "style": 1, "label": "x", "custom_id": custom_id}
        if values is not None:
            data["values"] = values
            options = [{"label": value, "value": value} for value in values]
            part = {"type": 3, "custom_id": custom_id, "options": options}
        message = {**message, "components": [{"type": 1, "components": [part]}]}
        return await self.finished(await self._interact(3, data, message))

    def sees(self, one: Interaction) -> Json:
        """Return the message that an interaction led to."""
        assert one.original is not None, f"nothing was answered: {one.response}"
        return self.discord.messages[one.original]

    def told(self, one: Interaction) -> str:
        """Return the last words: of a follow-up, else of the answer."""
        last = one.follow_ups[-1] if one.follow_ups else one.original
        assert last is not None
        return str(self.discord.messages[last]["content"])

    async def _interact(self, kind: int, data: Json, message: Json | None = None) -> Interaction:
        number = next(self.discord.ids)
        token = f"token{number}"
        one = Interaction(number, token, kind, None if message is None else int(message["id"]), self.id)
        self.discord.interactions[token] = one
        payload = self.payload(one, data, message)
        await self.discord.dispatch("INTERACTION_CREATE", payload)
        return one

    def payload(self, one: Interaction, data: Json, message: Json | None = None) -> Json:
        made = {
            "id": str(one.id), "application_id": str(APPLICATION), "type": one.kind, "token": one.token, "version": 1,
            "data": data, "guild_id": str(self.guild), "channel_id": str(CHANNEL), "member": self._member(whole=True),
            "guild": {"id": str(self.guild), "locale": "fr", "features": []},
            "channel": {"id": str(CHANNEL), "type": 0, "name": "alarmes", "guild_id": str(self.guild),
                        "permissions": "0", "position": 0},
            "locale": self.locale, "guild_locale": "fr", "app_permissions": "2251799813685247", "entitlements": [],
            "authorizing_integration_owners": {"0": str(self.guild)}, "context": 0,
            "attachment_size_limit": 10 * 2**20,
        }  # fmt: skip
        if message is not None:
            made["message"] = json.loads(json.dumps(message))
        return made

    async def finished(self, one: Interaction) -> Interaction:
        """Wait for the first answer within Discord's window, and for the last one."""
        try:
            await asyncio.wait_for(one.answered.wait(), self.discord.interaction_seconds)
        except TimeoutError:
            raise AssertionError(f"no answer within {self.discord.interaction_seconds} s") from None
        deferred = one.response is not None and one.response["type"] in {5, 6}
        loading = one.history[-1:] and one.history[-1].startswith("⏳")
        if deferred or loading:

            def ended() -> bool:
                last = one.history[-1]
                edited = len(one.history) > 1 and not one.loading and not last.startswith("⏳")
                return edited or bool(one.follow_ups)

            await eventually(ended, "the deferred answer")
        return one

    def _command(self, name: str) -> Json:
        found = [command for command in self.discord.commands if command["name"] == name]
        assert found, f"no command /{name}: {[c['name'] for c in self.discord.commands]}"
        return found[0]

    def _part(self, message: Json, kind: int, label: str) -> Json:
        self._look_at(message)
        for part in _parts(message, kind):
            if part.get("label") == label:
                assert not part.get("disabled"), f"{label} is disabled"
                assert "custom_id" in part, f"{label} is a link"
                return part
        raise AssertionError(f"no button {label!r} in {labels(message)}")

    def _look_at(self, message: Json) -> None:
        if message["flags"] & EPHEMERAL:
            assert self.discord.interactions[message["interaction_of"]].person == self.id, (
                "shown to somebody else alone"
            )

    def _member(self, *, whole: bool = True) -> Json:
        member = {
            "roles": [], "joined_at": stamp(), "deaf": False, "mute": False, "flags": 0, "nick": None, "avatar": None,
            "premium_since": None, "pending": False, "permissions": "104324673",
        }  # fmt: skip
        return {**member, "user": user(self.id, self.name)} if whole else member


def _parts(message: Json, kind: int) -> list[Json]:
    return [part for row in message["components"] for part in row["components"] if part["type"] == kind]


def labels(message: Json) -> list[str]:
    """Return the labels of buttons, options and links, in their order."""
    found = []
    for row in message["components"]:
        for part in row["components"]:
            found += [part["label"]] if part["type"] == 2 else [option["label"] for option in part["options"]]
    return found


def fields(message: Json) -> dict[str, str]:
    return {field["name"]: field["value"] for field in message["embeds"][0]["fields"]}


async def eventually(condition: Any, what: str, seconds: float = 20) -> Any:
    """As `wait_for`, in the loop that also serves the local Discord."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := condition()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return found
