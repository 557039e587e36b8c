"""The queue between the socket and the follower: bounded, whatever a broker sends."""

import asyncio

from aiomqtt import Message

# Beyond so many that wait, only the newest message of each topic is kept: what is followed are states.
MOST_WAITING = 1000


class Arriving(asyncio.Queue[Message]):
    """First come, first served; in a storm an older message gives way to a newer one of its topic."""

    # asyncio documents these three for subclasses; it asks `_queue` for its length alone.
    def _init(self, maxsize: int) -> None:
        del maxsize
        self._queue: dict[int, Message] = {}
        self._newest: dict[str, int] = {}
        self._number = 0

    def _put(self, item: Message) -> None:
        topic = item.topic.value
        if len(self._queue) >= MOST_WAITING and topic in self._newest:
            del self._queue[self._newest[topic]]
        self._number += 1
        self._queue[self._number] = item
        self._newest[topic] = self._number

    def _get(self) -> Message:
        number = next(iter(self._queue))
        item = self._queue.pop(number)
        if self._newest[item.topic.value] == number:
            del self._newest[item.topic.value]
        return item
