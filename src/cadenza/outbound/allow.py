"""What an operator opens besides the public Internet: networks and host names, from one setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from cadenza.domain.errors import Fault, Malformed
from cadenza.outbound.judge import Address, Network, OpenedBy, special_range
from cadenza.outbound.url import read_host_name

SETTING = "CADENZA_OUTBOUND_ALLOW"


@dataclass(frozen=True, slots=True)
class AllowList:
    """Networks and host names that may be reached although they are not public.

    A network opens the addresses in it for every name. A host name opens whatever that name
    resolves to, except metadata services and link-local addresses, which only a network opens.
    Multicast, unspecified addresses and IPv6 forms that embed an IPv4 address stay closed always.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, setting: str) -> AllowList:
        """Read ``127.0.0.2/32, 192.168.0.0/16, printer.lan``; empty text is an empty list.

        Raises
        ------
        Malformed
            One fault for each entry that is neither a network nor a host name, by its place.
        """
        networks: list[Network] = []
        hosts: set[str] = set()
        faults: list[Fault] = []
        for place, entry in _entries(setting):
            if network := _network(entry):
                networks.append(network)
            elif host := read_host_name(entry):
                hosts.add(host)
            else:
                faults.append(Fault(SETTING, f"entry {place} is neither a network nor a host name"))
        if faults:
            raise Malformed(*faults)
        return cls(tuple(networks), frozenset(hosts))

    def permits(self, address: Address, *, host: str) -> bool:
        """Return whether ``address``, found under the name ``host``, may be connected to."""
        special = special_range(address)
        if special is None:
            return True
        if special.opened_by is OpenedBy.NOTHING:
            return False
        if any(address in network for network in self.networks):
            return True
        return host in self.hosts and special.opened_by is OpenedBy.ANY_ENTRY

    def __str__(self) -> str:
        """Return the entries as one readable line, empty where there are none."""
        return ", ".join([*map(str, self.networks), *sorted(self.hosts)])


def _entries(setting: str) -> Iterator[tuple[int, str]]:
    """Yield each entry with its place, counted from 1, without the spaces around it."""
    for place, entry in enumerate(setting.split(","), start=1):
        if told := entry.strip():
            yield place, told


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry)
    except ValueError:
        return None
