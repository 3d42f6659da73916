"""What a continuation continues: an earlier take, an upload or a URL, and what is inherited from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import Conflict, Fault, Gone, Malformed, NotFound
from cadenza.domain.request import (
    Continuation,
    Inherited,
    Source,
    SourceTake,
    SourceTaskTake,
    SourceUpload,
    Specified,
)
from cadenza.domain.task import Accepted, TakeView, TaskView
from cadenza.domain.tiers import TIER_OF_SOURCE
from cadenza.tasks.ports import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A request whose source is known to be the account's own and to be there."""

    accepted: Accepted
    parent_take_id: str | None = None


def resolve(books: Books, account_id: str, accepted: Accepted, *, now: datetime) -> Resolved:
    """Look the source up and fill in what is inherited from it.

    Raises
    ------
    NotFound, Conflict, Gone
        The take or upload is not the account's, not finished, or its time is over.
    Malformed
        The place to continue from lies outside the take.
    """
    continuation = accepted.request.continuation
    if continuation is None:
        return Resolved(accepted=accepted)
    source = continuation.source
    if isinstance(source, SourceUpload):
        _check_upload(books, account_id, source, now=now)
        return Resolved(accepted=accepted)
    if not isinstance(source, (SourceTake, SourceTaskTake)):
        return Resolved(accepted=accepted)
    task, take = _find_take(books, account_id, source)
    _check_take(books, take, continuation, now=now)
    return Resolved(accepted=_inherit(accepted, task, take), parent_take_id=take.id)


def _check_upload(books: Books, account_id: str, source: SourceUpload, *, now: datetime) -> None:
    upload = books.uploads.find(source.upload_id, account_id=account_id)
    if upload is None:
        raise NotFound("upload")
    if upload.expires_at <= now:
        raise Gone("upload")


def _find_take(books: Books, account_id: str, source: Source) -> tuple[TaskView, TakeView]:
    if isinstance(source, SourceTake):
        owner = books.tasks.take_owner(source.take_id, account_id=account_id)
        if owner is None:
            raise NotFound("take")
        task_id, take_index = owner
    else:
        assert isinstance(source, SourceTaskTake)
        task_id, take_index = source.task_id, source.take_index
    task = books.tasks.view(task_id, account_id=account_id)
    if task is None:
        raise NotFound("task")
    take = next((one for one in task.takes if one.index == take_index), None)
    if take is None and take_index >= task.request.take_count:
        raise NotFound("take")
    if take is None or not take.is_ready:
        raise Conflict("The audio to extend is not completed yet.")
    return task, take


def _check_take(books: Books, take: TakeView, continuation: Continuation, *, now: datetime) -> None:
    stored = books.tasks.take_file(take.id, ArtefactKind.AUDIO_FLAC.value)
    if stored is None or stored.expires_at <= now:
        raise Gone("take")
    duration_s = take.duration_s or 0.0
    if continuation.from_s is not None and not 0 < continuation.from_s < duration_s:
        raise Malformed(
            Fault(
                "continue_at",
                f"must be above 0 and below the duration of the audio, {duration_s:.2f} s",
                limit=duration_s,
                actual=continuation.from_s,
            )
        )


def _inherit(accepted: Accepted, task: TaskView, take: TakeView) -> Accepted:
    """Fill what the request leaves to its source: model, title, style, and in inherit mode all of it."""
    request, parent = accepted.request, task.request
    if request.tier == TIER_OF_SOURCE:
        request = dataclasses.replace(request, tier=parent.tier)
        accepted = dataclasses.replace(accepted, wire_model=task.wire_model)
    if isinstance(request.wish, Inherited):
        request = dataclasses.replace(
            request,
            wish=Specified(
                title=take.title,
                style=take.style,
                lyrics=take.lyrics or None,
                description=request.wish.prompt,
            ),
            voice=parent.voice,
            avoid=request.avoid or parent.avoid,
            controls=parent.controls,
        )
    elif isinstance(request.wish, Specified):
        wish = dataclasses.replace(
            request.wish, title=request.wish.title or take.title, style=request.wish.style or take.style
        )
        request = dataclasses.replace(request, wish=wish)
    return dataclasses.replace(accepted, request=request)
