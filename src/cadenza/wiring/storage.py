"""Where the media files lie: in the data folder, or in a bucket; and the way from the one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cadenza.domain.errors import NotFound
from cadenza.publish.bucket import bucket_of
from cadenza.publish.port import Media
from cadenza.publish.store import MediaStore
from cadenza.settings import Settings, SettingsError

if TYPE_CHECKING:
    from cadenza.publish.objects import ObjectStore


def open_media(settings: Settings) -> Media:
    """Return the place of the media files. Raises ``SettingsError``; whether it answers is seen later."""
    return _open_bucket(settings) if settings.storage_url else MediaStore(settings.media_folder)


def probe(settings: Settings) -> str:
    """Write, read and remove something in the bucket; return which bucket that is.

    Raises ``SettingsError``, and ``Unavailable`` with the reason.
    """
    _open_bucket(settings).probe()
    return bucket_of(settings).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many files were copied into the bucket, and how many were there already."""

    copied: int = 0
    present: int = 0


def copy_to_bucket(settings: Settings) -> Copied:
    """Copy every media file of the data folder into the bucket; the folder stays as it is.

    May be run beside a server and again and again. Raises ``SettingsError`` and ``Unavailable``.
    """
    folder, bucket = MediaStore(settings.media_folder), _open_bucket(settings)
    copied = present = 0
    for digests in folder.folders():
        for digest in digests:
            try:
                is_new = bucket.copy_in(folder.path(digest), digest)
            except NotFound:  # swept away meanwhile
                continue
            copied, present = copied + is_new, present + (not is_new)
    return Copied(copied=copied, present=present)


def _open_bucket(settings: Settings) -> ObjectStore:
    bucket = bucket_of(settings)
    try:
        from cadenza.publish.objects import ObjectStore  # noqa: PLC0415 - an extra, loaded where it is used
    except ImportError:
        raise SettingsError("CADENZA_STORAGE_URL needs the extra `storage`: run `make storage`.") from None
    return ObjectStore(bucket)
