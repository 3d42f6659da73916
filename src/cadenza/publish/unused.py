"""Removing the bytes of files that nothing refers to any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from cadenza.publish.port import Media
from cadenza.tasks.ports import Store

# From a file's arrival to the row that refers to it, a database that is busy may take half a minute.
UNUSED_AFTER: Final = dt.timedelta(minutes=15)


def delete_unused(media: Media, store: Store, digests: Collection[str], *, now: dt.datetime) -> int:
    """Remove those files that nothing refers to and that have lain a while; return how many."""
    return media.delete_unused(
        digests,
        used=lambda some: store.read(lambda books: books.retention.used(some)),
        untouched_since_s=(now - UNUSED_AFTER).timestamp(),
    )
