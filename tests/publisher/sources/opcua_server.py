"""asyncua's own server, with nodes, times and states that a test sets."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any

from asyncua import Server as OpcuaServer
from asyncua import ua
from asyncua.server.user_managers import User, UserManager, UserRole

START = datetime(2026, 11, 23, 14, 28, 23, tzinfo=UTC)


class OnlyOctopus(UserManager):
    def get_user(self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None) -> Any:
        del iserver, certificate
        return User(role=UserRole.User) if (username, password) == ("octopus", "s3same-open") else None


class Server:
    def __init__(self, port: int, users: UserManager | None = None) -> None:
        self.url = f"opc.tcp://127.0.0.1:{port}/ecolab"
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self._run(self._start(users))

    def set(self, name: str, value: Any, at: datetime = START, status: int = ua.StatusCodes.Good) -> None:
        data = ua.DataValue(ua.Variant(value), ua.StatusCode(status), SourceTimestamp=at.replace(tzinfo=None))
        self._run(self._nodes[name].write_value(data))

    def add(self, value: Any, kind: ua.VariantType | None = None, **more: Any) -> str:
        """Make a node of its own; return its name."""
        name = f"node {len(self._nodes)}"
        data = ua.DataValue(ua.Variant(value, kind), **more)
        self._nodes[name] = self._run(
            self._server.nodes.objects.add_variable(ua.NodeId(name, 2), name, ua.Variant(value, kind))
        )
        self._run(
            self._server.iserver.aspace.write_attribute_value(self._nodes[name].nodeid, ua.AttributeIds.Value, data)
        )
        return name

    def write(self, name: str, data: ua.DataValue) -> None:
        aspace = self._server.iserver.aspace
        self._run(aspace.write_attribute_value(self._nodes[name].nodeid, ua.AttributeIds.Value, data))

    @contextmanager
    def answering(self, answer: Callable[[list[str]], None]) -> Iterator[None]:
        """Let `answer` look at the names of the nodes of each request; it may raise a fault of the service."""
        service = self._server.iserver.attribute_service
        read = service.read

        def looked_at(params: Any) -> Any:
            answer([str(wanted.NodeId.Identifier) for wanted in params.NodesToRead if wanted.NodeId.NamespaceIndex])
            return read(params)

        service.read = looked_at
        yield
        service.read = read

    def close_connections(self) -> None:
        async def close() -> None:
            for client in list(self._server.bserver.clients):
                client.transport.close()

        self._run(close())

    @property
    def sessions(self) -> list[Any]:
        return [
            client.processor.session.session_id
            for client in list(self._server.bserver.clients)
            if client.processor.session
        ]

    def end_sessions_after(self, seconds: float) -> None:
        self._server.iserver.min_session_timeout_ms = self._server.iserver.max_session_timeout_ms = 1000 * seconds

    def stop(self) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self, users: UserManager | None) -> None:
        self._server = OpcuaServer(user_manager=users)
        await self._server.init()
        self._server.set_endpoint(self.url)
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await self._server.register_namespace("urn:test")
        self._nodes = {}
        for name, value in {"T": 18.02, "S": 18.0, "door": True, "text": "warm"}.items():
            node = await self._server.nodes.objects.add_variable(ua.NodeId(name, index), name, value)
            await node.write_value(ua.DataValue(ua.Variant(value), SourceTimestamp=START.replace(tzinfo=None)))
            self._nodes[name] = node
        await self._server.start()

    def _run(self, coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(20)
