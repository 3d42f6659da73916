"""Uploaded recordings on SQL."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa

from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.stores.schema import uploads
from cadenza.stores.values import from_ms, to_ms
from cadenza.tasks.records import Upload


class SqlUploads:
    """``UploadBook`` on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, upload: Upload) -> Upload:
        """Insert, or overwrite the one of the same path and name: its id, and so its URL, stays."""
        same_name = sa.and_(
            uploads.c.account_id == upload.account_id,
            uploads.c.upload_path == upload.upload_path,
            uploads.c.file_name == upload.file_name,
        )
        known_id = self._connection.scalar(sa.select(uploads.c.id).where(same_name))
        values = _values(upload)
        if known_id is None:
            self._connection.execute(uploads.insert().values(id=upload.id, **values))
            return upload
        self._connection.execute(uploads.update().where(same_name).values(**values))
        return dataclasses.replace(upload, id=known_id)

    def find(self, upload_id: str, *, account_id: str | None = None) -> Upload | None:
        """Return one upload, or None where there is none or it belongs to someone else."""
        query = uploads.select().where(uploads.c.id == upload_id)
        if account_id is not None:
            query = query.where(uploads.c.account_id == account_id)
        row = self._connection.execute(query).first()
        return None if row is None else _upload(row)


def _values(upload: Upload) -> dict[str, Any]:
    return {
        "account_id": upload.account_id,
        "upload_path": upload.upload_path,
        "file_name": upload.file_name,
        "sha256": upload.artefact.sha256,
        "media_type": upload.media_type,
        "size_bytes": upload.artefact.size_bytes,
        "created_at_ms": to_ms(upload.created_at),
        "expires_at_ms": to_ms(upload.expires_at),
        "duration_s": upload.duration_s,
        "sample_rate": upload.sample_rate,
        "channel_count": upload.channel_count,
    }


def _upload(row: sa.Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        account_id=row.account_id,
        upload_path=row.upload_path,
        file_name=row.file_name,
        artefact=Artefact(kind=ArtefactKind.UPLOAD, sha256=row.sha256, size_bytes=row.size_bytes),
        media_type=row.media_type,
        created_at=from_ms(row.created_at_ms),
        expires_at=from_ms(row.expires_at_ms),
        duration_s=row.duration_s,
        sample_rate=row.sample_rate,
        channel_count=row.channel_count,
    )
