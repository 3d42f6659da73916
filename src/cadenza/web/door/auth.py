"""Who is calling: a key in ``Authorization: Bearer`` or in ``x-api-key``."""

from __future__ import annotations

from starlette.requests import Request

from cadenza.domain.errors import Forbidden, Unauthenticated
from cadenza.domain.scopes import Scope
from cadenza.intake.keys import key_id_of, recognise, refuse_ended
from cadenza.tasks.keys import Principal
from cadenza.web.door.address import origin
from cadenza.web.door.guesses import Guesses
from cadenza.web.services import Services

# A revoked key is refused on every process within this time.
_REMEMBERED_S = 1.0
_MOST_REMEMBERED = 10_000


class Doorkeeper:
    """Checks keys; remembers a good one for a second, so that a busy caller costs one look-up."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._trusted = services.settings.trusted_networks
        self._guesses = Guesses(limit=services.settings.wrong_keys, clock=services.clock)
        self._known: dict[str, tuple[float, Principal]] = {}

    async def admit(self, request: Request, scope: Scope) -> Principal:
        """Return who calls.

        Raises
        ------
        Unauthenticated
            There is no key, or it is not good, or not any more.
        RateLimited
            Too many wrong keys came from this address, and this one is none that was good before.
        Forbidden
            The key is good, but not for ``scope``.
        """
        principal = await self._recognise(request)
        if scope not in principal.key.scopes:
            raise Forbidden(f"The API key lacks the scope {scope.value}.")
        return principal

    async def _recognise(self, request: Request) -> Principal:
        key = _presented_key(request)
        now = self._services.clock.now()
        known = self._known.get(key)
        if known is not None and known[0] > now.timestamp() and not known[1].key.has_expired(now):
            return known[1]
        principal = await self._look_up(request, key, is_new=known is None)
        self._known.pop(key, None)
        refuse_ended(principal.key, now=now)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (now.timestamp() + _REMEMBERED_S, principal)
        return principal

    async def _look_up(self, request: Request, key: str, *, is_new: bool) -> Principal:
        """Find the key; a wrong one counts as a guess, and who guessed too often is not looked at."""
        address = origin(request, self._trusted)
        if is_new:  # a key that was good before is let in whatever its neighbours do
            self._guesses.admit(address)
        key_id = key_id_of(key)
        if key_id is not None:
            found = await self._services.read(lambda books: books.accounts.principal(key_id))
            if principal := recognise(self._services.keyring.pepper, key, found):
                return principal
        self._guesses.count(address)
        raise Unauthenticated


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
