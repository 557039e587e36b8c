"""REST and gateway of a Discord with one server, one application and as many people as a test wants."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tests.bot.discord import limits
from tests.bot.discord.answers import Answers

Json = dict[str, Any]

TOKEN = "local.token.of-the-tests"
APPLICATION, GUILD, CHANNEL, BOT = 500, 900, 901, 500
EPHEMERAL = 64
# Of an intent's place in the number that a bot says it with.
GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 15


@dataclass
class Fault:
    """What happens to the next calls that match, in place of the right answer or after the work is done."""

    method: str
    path: str
    status: int = 500
    times: int = 1
    body: Json = field(default_factory=lambda: {"message": "fault", "code": 0})
    headers: dict[str, str] = field(default_factory=dict)
    after_work: bool = False


class LocalDiscord(Answers):
    """Start it in the test's loop; `violations` holds what Discord would have refused."""

    def __init__(self) -> None:
        self.ids = count(10_000)
        self.interaction_seconds, self.token_seconds = 3.0, 900.0
        self.messages: dict[int, Json] = {}
        self.calls: list[tuple[str, str, Json]] = []
        self.violations: list[str] = []
        self.commands: list[Json] = []
        self.command_puts = 0
        self.faults: list[Fault] = []
        self.token = TOKEN
        self.intents_refused = False
        self.gateway_open = True
        self.sockets: dict[web.WebSocketResponse, str] = {}
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self.sessions: dict[str, list[Json]] = {}
        self._intents: dict[str, int] = {}
        self.identifies = 0
        self.resumes = 0
        self.interactions: dict[str, Any] = {}
        self._nonces: dict[str, int] = {}
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=30 * 2**20)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away: sockets are cut and the port refuses."""
        for transport in self._transports.values():
            transport.abort()
        self.sockets.clear()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Json]:
        """What everybody sees of the bot, oldest first."""
        own = [m for m in self.messages.values() if m["author"]["id"] == str(BOT)]
        return [m for m in own if not m["flags"] & EPHEMERAL]

    # REST

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        body, files = await _body(request)
        self.calls.append((request.method, path, body))
        fault = next(
            (f for f in self.faults if f.times and f.method == request.method and re.search(f.path, path)), None
        )
        if fault is not None:
            fault.times -= 1
            if fault.after_work:
                await self._answer(request, path, body, files)
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return reply(fault.body, fault.status, fault.headers)
        return await self._answer(request, path, body, files)

    async def _answer(self, request: web.Request, path: str, body: Json, files: list[str]) -> web.StreamResponse:
        public = path.startswith(("/interactions/", "/webhooks/"))
        if not public and request.headers.get("Authorization") != f"Bot {self.token}":
            return reply({"message": "401: Unauthorized", "code": 0}, 401)
        routes: list[tuple[str, str, Callable[..., Awaitable[web.StreamResponse]]]] = [
            ("GET", r"/users/@me", self._me),
            ("GET", r"/oauth2/applications/@me", self._application),
            ("GET", r"/applications/\d+/guilds/\d+/commands", self._get_commands),
            ("PUT", r"/applications/\d+/guilds/\d+/commands", self._put_commands),
            ("POST", r"/channels/(\d+)/messages", self._post_message),
            ("GET", r"/channels/(\d+)/messages", self._list_messages),
            ("GET", r"/channels/\d+/messages/(\d+)", self._get_message),
            ("PATCH", r"/channels/\d+/messages/(\d+)", self._patch_message),
            ("POST", r"/interactions/(\d+)/([^/]+)/callback", self._callback),
            ("PATCH", r"/webhooks/\d+/([^/]+)/messages/@original", self._edit_original),
            ("POST", r"/webhooks/\d+/([^/]+)", self._follow_up),
        ]
        for method, pattern, handler in routes:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                return await handler(body, files, *match.groups())
        self.violations.append(f"unknown route {request.method} {path}")
        return reply({"message": "404: Not Found", "code": 0}, 404)

    async def _me(self, *_: Any) -> web.StreamResponse:
        return reply(user(BOT, "octopus", bot=True))

    async def _application(self, *_: Any) -> web.StreamResponse:
        return reply(
            {
                "id": str(APPLICATION), "name": "Octopus", "icon": None, "description": "", "bot_public": False,
                "bot_require_code_grant": False, "verify_key": "", "flags": 1 << 19, "summary": "", "team": None,
                "owner": user(1, "owner"),
            }
        )  # fmt: skip

    async def _get_commands(self, *_: Any) -> web.StreamResponse:
        return reply(self.commands)

    async def _put_commands(self, body: Any, *_: Any) -> web.StreamResponse:
        if complaints := list(limits.commands(body)):
            return self.refuse(complaints)
        self.command_puts += 1
        self.commands = [
            {
                "id": str(next(self.ids)), "application_id": str(APPLICATION), "guild_id": str(GUILD), "version": "1",
                "default_member_permissions": None, **command,
            }
            for command in body
        ]  # fmt: skip
        return reply(self.commands)

    async def _post_message(self, body: Json, files: list[str], channel: str) -> web.StreamResponse:
        if complaints := [*limits.message(body, files), *limits.empty(body, files)]:
            return self.refuse(complaints)
        nonce = body.get("nonce")
        if nonce is not None and body.get("enforce_nonce") and nonce in self._nonces:
            return reply(self.messages[self._nonces[nonce]])
        made = self.message(body, files, channel=int(channel))
        if nonce is not None:
            self._nonces[nonce] = int(made["id"])
        return reply(made)

    async def _list_messages(self, _body: Json, _files: list[str], channel: str) -> web.StreamResponse:
        return reply([m for m in reversed(self.messages.values()) if m["channel_id"] == channel][:100])

    async def _get_message(self, _body: Json, _files: list[str], message_id: str) -> web.StreamResponse:
        if int(message_id) not in self.messages:
            return reply({"message": "Unknown Message", "code": 10008}, 404)
        return reply(self.messages[int(message_id)])

    async def _patch_message(self, body: Json, files: list[str], message_id: str) -> web.StreamResponse:
        if int(message_id) not in self.messages:
            return reply({"message": "Unknown Message", "code": 10008}, 404)
        if complaints := list(limits.message(body, files)):
            return self.refuse(complaints)
        return reply(self.edit(int(message_id), body, files))

    def forget_nonces(self) -> None:
        """Let the few minutes pass in which Discord recognises a nonce."""
        self._nonces.clear()

    # Gateway

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        if not self.gateway_open:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        self._transports[socket] = request.transport
        await socket.send_str(json.dumps({"op": 10, "d": {"heartbeat_interval": 30_000}, "s": None, "t": None}))
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                await self._hear(socket, json.loads(frame.data))
        finally:
            self.sockets.pop(socket, None)
            self._transports.pop(socket, None)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, said: Json) -> None:
        match said["op"]:
            case 1:
                await socket.send_str(json.dumps({"op": 11, "d": None, "s": None, "t": None}))
            case 2:
                self.identifies += 1
                if said["d"]["token"] != self.token:
                    await socket.close(code=4004)
                elif self.intents_refused:
                    await socket.close(code=4014)
                else:
                    session = f"session{next(self.ids)}"
                    self.sessions[session] = []
                    self._intents[session] = said["d"]["intents"]
                    self.sockets[socket] = session
                    await self.dispatch("READY", self._ready(session))
                    await self.dispatch("GUILD_CREATE", guild())
            case 6:
                session = said["d"]["session_id"]
                if session not in self.sessions:
                    await socket.send_str(json.dumps({"op": 9, "d": False, "s": None, "t": None}))
                    return
                self.resumes += 1
                self.sockets[socket] = session
                for event in self.sessions[session][said["d"]["seq"] or 0 :]:
                    await socket.send_str(json.dumps(event))
                await self.dispatch("RESUMED", {})

    def _ready(self, session: str) -> Json:
        return {
            "v": 10, "user": user(BOT, "octopus", bot=True), "guilds": [{"id": str(GUILD), "unavailable": True}],
            "session_id": session, "resume_gateway_url": self.url.replace("http", "ws", 1) + "/gateway",
            "application": {"id": str(APPLICATION), "flags": 1 << 19}, "private_channels": [],
        }  # fmt: skip

    async def dispatch(self, kind: str, data: Json) -> None:
        """Send an event to whoever is connected; sessions that are cut receive it when they resume."""
        for session, log in self.sessions.items():
            if kind == "READY" and session != data["session_id"]:
                continue
            if kind == "MESSAGE_CREATE" and not self._intents[session] & GUILD_MESSAGES:
                continue
            event = {"op": 0, "t": kind, "s": len(log) + 1, "d": self._audible(session, kind, data)}
            log.append(event)
            for socket, of in list(self.sockets.items()):
                if of == session and not socket.closed:
                    await socket.send_str(json.dumps(event))

    def _audible(self, session: str, kind: str, data: Json) -> Json:
        """Leave out what is written, unless the bot may hear it or is mentioned."""
        mentioned = any(one["id"] == str(BOT) for one in data.get("mentions") or [])
        if kind != "MESSAGE_CREATE" or self._intents[session] & MESSAGE_CONTENT or mentioned:
            return data
        return {**data, "content": ""}

    async def cut(self, code: int = 4000) -> None:
        """Close every socket; the sessions can be resumed."""
        for socket in list(self.sockets):
            self.sockets.pop(socket, None)
            await socket.close(code=code)

    async def lose_sessions(self) -> None:
        self.sessions.clear()
        await self.cut()

    # Shared

    def refuse(self, complaints: list[str]) -> web.StreamResponse:
        self.violations.extend(complaints)
        return reply({"message": f"Invalid Form Body: {complaints}", "code": 50035}, 400)

    def message(self, body: Json, files: list[str], *, channel: int = CHANNEL, author: Json | None = None) -> Json:
        made = {
            "id": str(next(self.ids)), "channel_id": str(channel), "author": author or user(BOT, "octopus", bot=True),
            "content": body.get("content") or "", "timestamp": stamp(), "edited_timestamp": None, "tts": False,
            "mentions": [], "pinned": False, "type": 0, **called(body),
            "flags": body.get("flags", 0), "components": body.get("components") or [],
            "embeds": [{"type": "rich", **one} for one in body.get("embeds") or []],
            "attachments": self.attached(body, files),
        }  # fmt: skip
        if "message_reference" in body:
            made["message_reference"] = body["message_reference"]
        self.messages[int(made["id"])] = made
        return made

    def edit(self, message_id: int, body: Json, files: list[str]) -> Json:
        held = self.messages[message_id]
        for name in ("content", "components", "embeds"):
            if name in body:
                held[name] = body[name] or ([] if name != "content" else "")
        if "attachments" in body or files:
            held["attachments"] = self.attached(body, files)
        held["edited_timestamp"] = stamp()
        held["flags"] &= ~128
        return held

    def attached(self, body: Json, files: list[str]) -> list[Json]:
        described = {a.get("filename"): a.get("description") for a in body.get("attachments") or []}
        return [
            {
                "id": str(next(self.ids)), "filename": name, "size": 1, "url": "http://127.0.0.1/x", "proxy_url": "x",
                "description": described.get(name),
            }
            for name in files
        ]  # fmt: skip


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py compares the type as text: a charset after it would turn the answer into a string.
    return web.Response(
        body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json", **(headers or {})}
    )


async def _body(request: web.Request) -> tuple[Any, list[str]]:
    if request.content_type.startswith("multipart/"):
        body: Json = {}
        files = []
        async for part in await request.multipart():
            if part.name == "payload_json":
                body = json.loads(await part.text())
            else:
                content = await part.read()
                assert content.startswith(b"\x89PNG\r\n\x1a\n"), "the file is no PNG"
                assert len(content) <= 10 * 2**20, "the file is too large"
                files.append(part.filename or "")
        return body, files
    raw = await request.read()
    return (json.loads(raw) if raw else {}), []


def called(body: Json) -> Json:
    """Return whom a new message calls: who is named in it, as far as `allowed_mentions` lets it."""
    content, allowed = body.get("content") or "", body.get("allowed_mentions")
    parse = {"everyone", "roles", "users"} if allowed is None else set(allowed.get("parse") or [])
    named = re.findall(r"<@&(\d+)>", content)
    roles = (
        named if "roles" in parse else [role for role in named if role in map(str, (allowed or {}).get("roles") or [])]
    )
    return {"mention_everyone": "everyone" in parse and "@everyone" in content, "mention_roles": roles}


def user(user_id: int, name: str, *, bot: bool = False) -> Json:
    return {
        "id": str(user_id), "username": name, "discriminator": "0", "global_name": name, "avatar": None, "bot": bot,
        "flags": 0, "public_flags": 0,
    }  # fmt: skip


def guild() -> Json:
    channel = {
        "id": str(CHANNEL), "type": 0, "name": "alarmes", "guild_id": str(GUILD), "position": 0, "nsfw": False,
        "permission_overwrites": [], "parent_id": None, "topic": None, "rate_limit_per_user": 0,
        "last_message_id": None,
    }  # fmt: skip
    role = {
        "id": str(GUILD), "name": "@everyone", "color": 0, "colors": {"primary_color": 0, "secondary_color": None,
        "tertiary_color": None}, "hoist": False, "position": 0, "permissions": "104324673", "managed": False,
        "mentionable": False, "flags": 0,
    }  # fmt: skip
    return {
        "id": str(GUILD), "name": "Station", "icon": None, "splash": None, "owner_id": "1", "afk_timeout": 300,
        "afk_channel_id": None, "verification_level": 0, "default_message_notifications": 0, "roles": [role],
        "explicit_content_filter": 0, "emojis": [], "features": [], "mfa_level": 0, "system_channel_id": None,
        "system_channel_flags": 0, "rules_channel_id": None, "joined_at": stamp(), "large": False,
        "unavailable": False, "member_count": 2, "voice_states": [], "members": [], "channels": [channel],
        "threads": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [], "premium_tier": 0,
        "premium_subscription_count": 0, "preferred_locale": "fr", "public_updates_channel_id": None, "nsfw_level": 0,
        "stickers": [], "premium_progress_bar_enabled": False, "vanity_url_code": None, "description": None,
        "banner": None, "discovery_splash": None, "application_id": None, "soundboard_sounds": [],
    }  # fmt: skip


def stamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime())


__all__ = ["APPLICATION", "BOT", "CHANNEL", "GUILD", "TOKEN", "Fault", "LocalDiscord"]
