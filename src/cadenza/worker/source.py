"""Getting the file that a continuation continues."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import Damaged, NotFound, SourceUnusable
from cadenza.domain.request import SourceUpload, SourceUrl
from cadenza.domain.task import TaskView
from cadenza.outbound.client import Outbound
from cadenza.publish.port import Media
from cadenza.tasks.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A source on this machine's disk, what to call it, and its digest where it is kept here."""

    path: Path
    title: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFiles:
    """Finds or fetches sources."""

    store: Store
    media: Media
    outbound: Outbound
    max_bytes: int
    deadline_s: float

    def fetch(self, view: TaskView, folder: Path) -> SourceFile | None:
        """Return the source of a task, which lies in ``folder`` from now on; None for a new song.

        Raises
        ------
        SourceUnusable
            It cannot be fetched, or it is gone or damaged by now.
        Unavailable
            The storage does not answer.
        """
        if view.request.continuation is None:
            return None
        source, path = view.request.continuation.source, folder / "source"
        if isinstance(source, SourceUrl):
            return self._from_url(source.url, path)
        if isinstance(source, SourceUpload):
            return self._from_upload(source.upload_id, path)
        return self._from_take(view, path)

    def _from_url(self, url: str, path: Path) -> SourceFile:
        fetched = self.outbound.fetch_to_file(url, path, max_bytes=self.max_bytes, deadline_s=self.deadline_s)
        return SourceFile(path=path, title=_title_of(fetched.final_name))

    def _from_upload(self, upload_id: str, path: Path) -> SourceFile:
        upload = self.store.read(lambda books: books.uploads.find(upload_id))
        if upload is None:
            raise SourceUnusable("The uploaded file is not there any more.")
        self._keep(upload.artefact.sha256, path)
        return SourceFile(path=path, title=_title_of(upload.file_name), sha256=upload.artefact.sha256)

    def _from_take(self, view: TaskView, path: Path) -> SourceFile:
        assert view.parent_take_id is not None, "intake resolves a take to its id"
        take_id = view.parent_take_id
        stored = self.store.read(lambda books: books.tasks.take_file(take_id, ArtefactKind.AUDIO_FLAC.value))
        if stored is None:
            raise SourceUnusable("The audio to extend is not there any more.")
        self._keep(stored.artefact.sha256, path)
        return SourceFile(path=path, title=_title_of(stored.file_name), sha256=stored.artefact.sha256)

    def _keep(self, sha256: str, path: Path) -> None:
        """Keep a stored file at ``path`` too: its owner may delete it while it is being continued."""
        try:
            self.media.keep(sha256, path)
        except Damaged:
            raise SourceUnusable("The file to continue is damaged in the storage of this server.") from None
        except NotFound:
            raise SourceUnusable(
                "The file to continue was deleted by its owner or at the end of its retention time."
            ) from None


def _title_of(name: str) -> str:
    return PurePosixPath(name).stem.replace("_", " ").strip()
