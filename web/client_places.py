"""Where requests come from: places on the network, how much each of them has open, and the proxies before us."""

import ipaddress
from collections import Counter

from facility.people.throttling import network_of


class Proxies:
    """The addresses in `web.proxies`: their requests are other people's."""

    def __init__(self, text: str) -> None:
        self._all = "*" in text
        self._networks = [
            ipaddress.ip_network(one, strict=False)
            for part in text.split(",")
            if (one := part.strip()) not in {"", "*"}
        ]

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            # A Unix socket, or a test's client: nobody on the network.
            return True
        return self._all or any(parsed in network for network in self._networks)


class PlaceCounter:
    """How many of something each place has: an IPv4 address, or the /64 that one IPv6 customer owns."""

    def __init__(self, most: int, proxies: Proxies) -> None:
        self._most, self._proxies = most, proxies
        self._held: Counter[str] = Counter()

    def full(self, address: str) -> bool:
        return address not in self._proxies and self._held[network_of(address)] >= self._most

    def add(self, address: str) -> None:
        self._held[network_of(address)] += 1

    def remove(self, address: str) -> None:
        place = network_of(address)
        self._held[place] -= 1
        if self._held[place] <= 0:
            del self._held[place]
