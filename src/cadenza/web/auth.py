"""Who is calling: a key in ``Authorization: Bearer`` or in ``x-api-key``."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from cadenza.domain.errors import Unauthenticated
from cadenza.intake.keys import key_id_of
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Account
from cadenza.web.services import Services

# A revoked key is refused on every process within this time.
_REMEMBERED_S = 1.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The account that a request acts for, and the key it came with."""

    account: Account
    key_id: str


class Doorkeeper:
    """Checks keys; remembers a good one for a second, so that a busy caller costs one look-up."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, tuple[float, Principal]] = {}

    async def admit(self, request: Request) -> Principal:
        """Return who calls. Raises ``Unauthenticated``."""
        key = _presented_key(request)
        now_s = self._services.clock.now().timestamp()
        known = self._known.get(key)
        if known is not None and known[0] > now_s:
            return known[1]
        principal = await self._look_up(key)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (now_s + _REMEMBERED_S, principal)
        return principal

    async def _look_up(self, key: str) -> Principal:
        key_id = key_id_of(key)
        if key_id is None:
            raise Unauthenticated
        principal = await self._services.read(lambda books: self._principal(books, key, key_id))
        if principal is None:
            raise Unauthenticated
        return principal

    def _principal(self, books: Books, key: str, key_id: str) -> Principal | None:
        record = books.accounts.key(key_id)
        if record is None or record.revoked_at is not None:
            return None
        if not self._services.pepper.matches(key, record.digest):
            return None
        account = books.accounts.find(record.account_id)
        return None if account is None else Principal(account=account, key_id=key_id)


def _presented_key(request: Request) -> str:
    presented = set()
    authorization = request.headers.get("authorization", "").strip()
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("The Authorization header takes the form: Bearer YOUR_API_KEY.")
        presented.add(token.strip())
    if header := request.headers.get("x-api-key", "").strip():
        presented.add(header)
    if len(presented) > 1:
        raise Unauthenticated("The Authorization and x-api-key headers carry different keys.")
    key = next(iter(presented), "")
    if not key:
        raise Unauthenticated
    return key
