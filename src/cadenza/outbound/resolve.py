"""Names to addresses, within a time limit whatever the resolver does."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence

from cadenza.outbound.answers import Reason, Stop

# Takes a host name and a port, returns addresses as text; raises OSError where there are none.
Resolver = Callable[[str, int], Sequence[str]]

DNS_LIMIT_S = 5.0
_MOST_LOOKUPS = 32


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the machine's resolver. Raises ``OSError`` where the name has no address."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class TimedResolver:
    """Runs a resolver with a limit.

    ``getaddrinfo`` cannot be interrupted, so each lookup has a thread of its own that is left behind
    when its time is over. At most 32 can hang about; further names then count as unknown at once
    rather than piling up.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._free = threading.BoundedSemaphore(_MOST_LOOKUPS)

    def lookup(self, host: str, port: int, *, limit_s: float) -> Sequence[str]:
        """Return the addresses of ``host``; raises ``Stop`` where there are none in time."""
        if not self._free.acquire(blocking=False):
            raise Stop(Reason.UNREACHABLE)
        answer: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(host, port, answer), name="cadenza-dns", daemon=True).start()
        try:
            found = answer.get(timeout=min(limit_s, DNS_LIMIT_S))
        except queue.Empty:
            raise Stop(Reason.UNREACHABLE) from None
        if not found:
            raise Stop(Reason.UNREACHABLE)
        return found

    def _ask(self, host: str, port: int, answer: queue.SimpleQueue[Sequence[str]]) -> None:
        try:
            answer.put(self._resolver(host, port))
        except (OSError, UnicodeError):  # UnicodeError: a label that the system's encoder will not take
            answer.put(())
        finally:
            self._free.release()
