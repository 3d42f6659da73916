"""A new signing secret, with an overlap in which the one before still signs."""

from __future__ import annotations

from datetime import datetime, timedelta

from cadenza.notify.signing import new_secret
from cadenza.tasks.ports import Books

DEFAULT_OVERLAP_H = 24.0
LONGEST_OVERLAP_H = 7 * 24.0


def rotate_secret(books: Books, account_id: str, *, now: datetime, overlap_h: float) -> tuple[str, datetime]:
    """Give the account a new secret; return it and the moment until which the present one signs too.

    A rotation within an overlap ends that overlap: no callback carries more than two signatures.
    ``overlap_h`` is 0 to ``LONGEST_OVERLAP_H`` hours; 0 takes the present one out of use at once.
    """
    assert 0 <= overlap_h <= LONGEST_OVERLAP_H, "callers check the overlap"
    secret, until = new_secret(), now + timedelta(hours=overlap_h)
    books.accounts.rotate_secret(account_id, secret, until=until)
    return secret, until
