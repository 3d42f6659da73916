"""What a key may do: each route asks for one scope, and a key has some of them."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Scope(enum.Enum):
    """One kind of thing that a key may do."""

    READ = "read"
    CREATE = "create"
    UPLOAD = "upload"
    MANAGE = "manage"
    ADMIN = "admin"


# What a key may do where nobody said otherwise: all that a caller does, nothing that an operator does.
USUAL = frozenset({Scope.READ, Scope.CREATE, Scope.UPLOAD, Scope.MANAGE})


def in_order(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return scopes in the order in which they are always told."""
    chosen = frozenset(scopes)
    return tuple(scope for scope in Scope if scope in chosen)
