"""What a continuation continues: an earlier take, an upload or a URL, and what is inherited from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import Conflict, Fault, Gone, Malformed, NotFound
from cadenza.domain.links import Links
from cadenza.domain.request import (
    Continuation,
    Inherited,
    Side,
    Source,
    SourceTake,
    SourceTaskTake,
    SourceUpload,
    SourceUrl,
    Specified,
)
from cadenza.domain.task import Accepted, TakeView, TaskView
from cadenza.domain.tiers import TIER_OF_SOURCE, TIERS
from cadenza.tasks.ports import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A request whose source is known to be the account's own and to be there."""

    accepted: Accepted
    parent_take_id: str | None = None


def resolve(books: Books, account_id: str, accepted: Accepted, *, links: Links, now: datetime) -> Resolved:
    """Look the source up and fill in what is inherited from it.

    Raises
    ------
    NotFound, Conflict, Gone
        The take or upload is not the account's, not finished, or its time is over.
    Malformed
        The recording is known here, and the place to continue from lies outside it or it is too long.
    """
    continuation = accepted.request.continuation
    if continuation is None:
        return Resolved(accepted=accepted)
    source = continuation.source
    if isinstance(source, SourceUpload):
        upload_s = _upload_length_s(books, account_id, source, now=now)
        _check_length(upload_s, continuation, accepted.request.tier)
        return Resolved(accepted=accepted)
    if isinstance(source, SourceUrl):
        _check_length(_own_length_s(books, source.url, links), continuation, accepted.request.tier)
        return Resolved(accepted=accepted)
    task, take = _find_take(books, account_id, source)
    _check_take(books, take, continuation, now=now)
    return Resolved(accepted=_inherit(accepted, task, take), parent_take_id=take.id)


def _upload_length_s(books: Books, account_id: str, source: SourceUpload, *, now: datetime) -> float | None:
    upload = books.uploads.find(source.upload_id, account_id=account_id)
    if upload is None:
        raise NotFound("upload")
    if upload.expires_at <= now:
        raise Gone("upload")
    return upload.duration_s


def _own_length_s(books: Books, url: str, links: Links) -> float | None:
    """Return the length of the upload or take that a URL of ours leads to, None where it is not known."""
    if upload_id := links.upload_id(url):
        upload = books.uploads.find(upload_id)
        return None if upload is None else upload.duration_s
    take_id = links.take_id(url)
    return None if take_id is None else books.tasks.take_length_s(take_id)


def _check_length(duration_s: float | None, continuation: Continuation, tier: str) -> None:
    """Refuse at once what the worker would find out: then nothing is held and nobody waits."""
    if duration_s is None:
        return
    limit_s = TIERS[tier].longest_source_s
    if duration_s > limit_s:
        raise Malformed(
            Fault(
                "source_url",
                f"lasts {duration_s:.2f} s; the limit of this model is {limit_s:g} s",
                limit=limit_s,
                actual=duration_s,
            )
        )
    _check_place(duration_s, continuation)


def _check_place(duration_s: float, continuation: Continuation) -> None:
    _check_section(duration_s, continuation)
    # A section, and what is kept behind a lead-in, may begin with the recording.
    is_free = continuation.until_s is not None or continuation.side is Side.LEFT
    is_above = continuation.from_s is None or continuation.from_s > 0 or is_free
    if continuation.from_s is not None and not (is_above and continuation.from_s < duration_s):
        raise Malformed(
            Fault(
                "continue_at",
                f"must be above 0 and below the duration of the audio, {duration_s:.2f} s",
                limit=duration_s,
                actual=continuation.from_s,
            )
        )


def _check_section(duration_s: float, continuation: Continuation) -> None:
    if continuation.until_s is not None and continuation.until_s > duration_s:
        raise Malformed(
            Fault(
                "replace_to",
                f"must lie within the audio, which lasts {duration_s:.2f} s",
                limit=duration_s,
                actual=continuation.until_s,
            )
        )


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
    _check_place(take.duration_s or 0.0, continuation)


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
                style_is_inherited=True,
            ),
            voice=parent.voice,
            avoid=request.avoid or parent.avoid,
            controls=parent.controls,
        )
    elif isinstance(request.wish, Specified):
        wish = dataclasses.replace(
            request.wish,
            title=request.wish.title or take.title,
            style=request.wish.style or take.style,
            style_is_inherited=not request.wish.style,
        )
        request = dataclasses.replace(request, wish=wish)
    return dataclasses.replace(accepted, request=request)
