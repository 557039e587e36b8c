"""A session with an OPC UA server that is kept alive, and in which a node that is refused costs only itself."""

import logging
from typing import Any

from publisher.sources.polling import Closed, Unavailable

# The library asks the server for a sign of life so often; a session that nobody uses ends after a while.
_ALIVE = (1.0, 5.0)
# So often may a connection break while values are asked for, before less is asked for at once.
_PATIENCE = 2
# What a server says of a session or channel that it has closed.
_GONE = ("BadSession", "BadSecureChannel", "BadConnection", "BadTcp", "BadServerHalted", "BadShutdown", "BadTimeout")


class OpcuaSession:
    """Connects when it is first needed. `nodes` are the NodeIds of the values, in order."""

    def __init__(
        self, url: str, timeout: float, nodes: list[Any], user: tuple[str, str] | None, security: str | None
    ) -> None:
        # We say ourselves, and once, what it would say at each attempt.
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        self._url, self._timeout, self._user, self._security = url, timeout, user, security
        self._nodes = nodes
        # What is asked for in one request; a request that is refused is halved, and what served is remembered.
        self._groups = [list(range(len(nodes)))]
        self._breaks = 0
        self._client: Any = None

    async def read(self) -> list[Any]:
        """Return for each node a DataValue, or text that says why there is none.

        Raise Unavailable where nothing answers, Closed where a new connection may help.
        """
        kept = self._client is not None
        found: list[Any] = ["not asked"] * len(self._nodes)
        groups: list[list[int]] = []
        connected = kept
        try:
            if not kept:
                await self._connect()
                connected = True
            for group in self._groups:
                groups += await self._read(group, found)
        except Exception as error:  # noqa: BLE001 - the library lets through what its parsers raise
            self._after_a_break(connected and not kept)
            reason = _describe(error)
            raise Closed(reason) if kept else Unavailable(reason) from None
        self._groups, self._breaks = groups, 0
        if all(isinstance(data, str) for data in found):
            raise Unavailable(found[0])
        return found

    async def close(self) -> None:
        """End the session and close its socket; errors in doing so are ignored."""
        if self._client is not None:
            closed_client, self._client = self._client, None
            try:
                await closed_client.disconnect()
            finally:
                closed_client.disconnect_socket()  # the library leaves it open where the server is gone

    async def _connect(self) -> None:
        from asyncua.client.client import Client  # noqa: PLC0415 - an extra that only this source needs

        alive = min(max(self._timeout, _ALIVE[0]), _ALIVE[1])
        self._client = client = Client(self._url, timeout=self._timeout, watchdog_intervall=alive)
        if self._user is not None:
            client.set_user(self._user[0])
            client.set_password(self._user[1])
        if self._security is not None:
            await client.set_security_string(self._security)
        await client.connect()

    async def _read(self, group: list[int], found: list[Any]) -> list[list[int]]:
        """Read some nodes; return them as they have to be asked for from now on."""
        from asyncua import ua  # noqa: PLC0415 - an extra that only this source needs
        from asyncua.ua.attribute_ids import AttributeIds  # noqa: PLC0415 - as above

        nodes_to_read = [ua.ReadValueId(NodeId=self._nodes[index], AttributeId=AttributeIds.Value) for index in group]
        both = ua.TimestampsToReturn.Both
        try:
            values = await self._client.uaclient.read(
                ua.ReadParameters(TimestampsToReturn=both, NodesToRead=nodes_to_read)
            )
            if len(values) != len(group):
                raise ValueError("the answer has another number of values")  # noqa: TRY301 - it is handled below
        except (OSError, TimeoutError):
            raise
        except Exception as error:
            reason = _describe(error)
            if type(error).__name__.startswith(_GONE):
                raise
            if len(group) == 1:
                found[group[0]] = reason
                return [group]
            middle = len(group) // 2
            return [*await self._read(group[:middle], found), *await self._read(group[middle:], found)]
        for index, data in zip(group, values, strict=True):
            found[index] = data
        return [group]

    def _after_a_break(self, fresh: bool) -> None:  # noqa: FBT001 - one caller
        """Ask for less at once where a new connection breaks again and again while values are asked for."""
        self._breaks += fresh
        largest = max(self._groups, key=len)
        if self._breaks >= _PATIENCE and len(largest) > 1:
            middle = len(largest) // 2
            place = self._groups.index(largest)
            self._groups[place : place + 1] = [largest[:middle], largest[middle:]]


def _describe(error: Exception) -> str:
    """Name the trouble without text that could repeat the credentials."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return f"no connection ({error.strerror or type(error).__name__})"
    return f"refuses ({type(error).__name__})"
