"""The life of an interaction: three seconds for the first answer, one first answer, fifteen minutes for the rest."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.bot.discord import limits

if TYPE_CHECKING:
    from aiohttp import web

Json = dict[str, Any]
EPHEMERAL = 64
COMPLETION = 4


@dataclass
class Interaction:
    """What became of one act of a person."""

    id: int
    token: str
    kind: int
    message_id: int | None
    person: int
    started: float = field(default_factory=time.monotonic)
    answered_after: float | None = None
    response: Json | None = None
    original: int | None = None
    loading: bool = False
    history: list[str] = field(default_factory=list)
    follow_ups: list[int] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Answers:
    """The part of the local Discord that takes answers to interactions."""

    interactions: dict[str, Interaction]
    messages: dict[int, Json]

    async def _callback(self: Any, body: Json, files: list[str], _id: str, token: str) -> "web.StreamResponse":
        from tests.bot.discord.server import reply

        one: Interaction | None = self.interactions.get(token)
        if one is None or time.monotonic() - one.started > self.interaction_seconds:
            return reply({"message": "Unknown interaction", "code": 10062}, 404)
        if one.response is not None:
            return reply({"message": "Interaction has already been acknowledged.", "code": 40060}, 400)
        data = body.get("data") or {}
        if complaints := list(_complaints(one, body, files)):
            return self.refuse(complaints)
        one.response, one.answered_after = body, time.monotonic() - one.started
        match body["type"]:
            case 4 | 5:
                made = self.message(data, files)
                one.loading = body["type"] == 5
                made["flags"] = data.get("flags", 0) | (128 if one.loading else 0)
                made["interaction_of"] = token
                one.original = int(made["id"])
            case 6 | 7:
                one.original = one.message_id
                if body["type"] == 7:
                    self.edit(one.message_id, data, files)
        self._told(one)
        result: Json = {
            "interaction": {"id": str(one.id), "type": one.kind, "response_message_loading": one.loading,
                            "response_message_ephemeral": True, "response_message_id": str(one.original or 0)},
        }  # fmt: skip
        if one.original is not None:
            result["resource"] = {"type": body["type"], "message": self.messages[one.original]}
        return reply(result)

    async def _edit_original(self: Any, body: Json, files: list[str], token: str) -> "web.StreamResponse":
        from tests.bot.discord.server import reply

        one = self._known(token)
        if one is None or one.original is None:
            return reply({"message": "Unknown Webhook", "code": 10015}, 404)
        if complaints := list(limits.message(body, files)):
            return self.refuse(complaints)
        edited = self.edit(one.original, body, files)
        one.loading = False
        self._told(one)
        return reply(edited)

    async def _follow_up(self: Any, body: Json, files: list[str], token: str) -> "web.StreamResponse":
        from tests.bot.discord.server import reply

        one = self._known(token)
        if one is None or one.response is None:
            return reply({"message": "Unknown Webhook", "code": 10015}, 404)
        if complaints := list(limits.message(body, files)):
            return self.refuse(complaints)
        if one.loading and one.original is not None:
            # Discord puts the first follow-up in the place of "is thinking".
            made = self.edit(one.original, body, files)
            one.loading = False
        else:
            made = self.message(body, files)
            made["flags"] = body.get("flags", 0)
            one.follow_ups.append(int(made["id"]))
        self._told(one)
        return reply(made)

    def _known(self: Any, token: str) -> Interaction | None:
        """Return the interaction while its token is good."""
        one: Interaction | None = self.interactions.get(token)
        return None if one is None or time.monotonic() - one.started > self.token_seconds else one

    def _told(self: Any, one: Interaction) -> None:
        if one.original is not None:
            one.history.append(self.messages[one.original]["content"])
        one.answered.set()
        one.changed.set()


def _complaints(one: Interaction, body: Json, files: list[str]) -> Iterator[str]:
    data = body.get("data") or {}
    if (body["type"] == 8) != (one.kind == COMPLETION):
        yield f"an answer of type {body['type']} to an interaction of type {one.kind}"
    if body["type"] in {6, 7} and one.message_id is None:
        yield "there is no message to update"
    if body["type"] in {4, 7}:
        yield from limits.empty(data, files)
    yield from limits.choices(data.get("choices") or []) if body["type"] == 8 else limits.message(data, files)
