"""A door that may reach 127.0.0.2 only, and canaries on the loopback addresses beside it."""

import contextlib
from dataclasses import dataclass

import httpcore
import pytest

from cadenza.outbound.allow import AllowList
from cadenza.outbound.client import Outbound
from cadenza.testing.network import ALLOWED_HOST, Canary, FakeResolver

# Names that a stranger's DNS could answer with: what each leads to is decided by the address judge.
NAMES = {
    "localhost": [["127.0.0.1", "::1"]],
    "localhost.localdomain": [["127.0.0.1"]],
    "ip6-localhost": [["::1"]],
    "canary.test": [["127.0.0.1"]],
    "www.canary.test": [["127.0.0.1"]],
    "canary6.test": [["::1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "nat64.test": [["64:ff9b::7f00:1"]],
    "zone.test": [["fe80::1%lo"]],
    "mixed4.test": [[ALLOWED_HOST, "127.0.0.1"]],
    "mixed6.test": [[ALLOWED_HOST, "::1"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "garbage.test": [["not an address"]],
    "nobody.test": [[]],
    "good.test": [[ALLOWED_HOST]],
    "bücher.test": [[ALLOWED_HOST]],
    "xn--bcher-kva.test": [[ALLOWED_HOST]],
}


@dataclass
class Canaries:
    port: int
    all: tuple[Canary, ...]

    @property
    def connections(self):
        return sum(canary.connections for canary in self.all)


@pytest.fixture(scope="module")
def canaries():
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.closing(Canary("127.0.0.1")))
        second = stack.enter_context(contextlib.closing(Canary("::1", first.port)))
        yield Canaries(first.port, (first, second))


@pytest.fixture(scope="session")
def tls():
    """Making a context reads some 140 certificates; the tests share one."""
    return httpcore.default_ssl_context()


@pytest.fixture
def make_door(tls):
    def make(allow=f"{ALLOWED_HOST}/32", *, names=None, **more):
        resolver = more.pop("resolver", None) or FakeResolver(NAMES | (names or {}))
        return Outbound(AllowList.parse(allow), resolver=resolver, ssl_context=tls, **more)

    return make


@pytest.fixture
def door(make_door):
    return make_door()
