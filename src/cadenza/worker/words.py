"""Tasks of words alone: each take is a text, written by ourselves or by a service that the operator names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
import structlog

from cadenza.domain.abilities import Fidelity, Honoured
from cadenza.domain.errors import Stopped
from cadenza.domain.ids import new_take_id
from cadenza.domain.request import Specified
from cadenza.domain.task import TaskView
from cadenza.domain.tiers import TIERS
from cadenza.outbound.answers import Failed, Reason
from cadenza.outbound.client import Outbound
from cadenza.tasks.life import Life
from cadenza.tasks.ports import Books, Store
from cadenza.tasks.records import Attempt, TakeResult, TakeText
from cadenza.words.writing import write_lyrics
from cadenza.worker.publishing import described

_log = structlog.get_logger()

_LARGEST_ANSWER_BYTES = 256 * 1024
_LONGEST_TEXT, _LONGEST_TITLE = 5000, 80
_FEWEST_LINES = 2  # a sentence of excuse is no song
_SYSTEM = (
    "You write singable song lyrics in the language of the request. Answer with a first line "
    "'Title: ...', then the lyrics with section tags like [Verse 1], [Pre-Chorus], [Chorus] and [Bridge], "
    "one sung line to a line, and nothing else."
)
_TITLE = re.compile(r"^\W*title\W*:\s*(.+)$", re.IGNORECASE)
_FENCE = re.compile(r"^```.*$", re.MULTILINE)
_OWN = "The built-in writer follows the prompt's theme, subject, title and viewpoint, in English."
_UNREADABLE = "its answer held no lyrics"
_WHY = {Reason.TIMEOUT: "it did not answer in time", Reason.STATUS: "it refused the request"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One text. ``note`` tells how far it follows its prompt, or who else wrote it; empty: to the letter."""

    title: str
    text: str
    note: str = ""


class Lyricist(Protocol):
    """Writes the words of one take."""

    def write(self, prompt: str, *, style: str, seed: int, variant: int, duration_s: float | None) -> Words:
        """Write; the same arguments ask for the same words. Always returns some."""
        ...


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """Our own writer."""

    def write(self, prompt: str, *, style: str, seed: int, variant: int, duration_s: float | None) -> Words:
        """Write; the same arguments give the same words."""
        written = write_lyrics(prompt, style=style, seed=seed, variant=variant, duration_s=duration_s)
        return Words(title=written.title, text=written.text, note=_OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A service that speaks OpenAI's chat completions; our own writer stands in where it fails."""

    outbound: Outbound
    url: str
    model: str
    key: str = field(repr=False)
    deadline_s: float

    def write(self, prompt: str, *, style: str, seed: int, variant: int, duration_s: float | None) -> Words:
        """Ask for words; whatever goes wrong, return our own and say why."""
        asked = _request(self.model, prompt, style=style, seed=seed + variant, duration_s=duration_s)
        headers = {"content-type": "application/json"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        answer = self.outbound.ask(
            f"{self.url.rstrip('/')}/chat/completions",
            orjson.dumps(asked),
            headers,
            max_bytes=_LARGEST_ANSWER_BYTES,
            deadline_s=self.deadline_s,
        )
        words = None if isinstance(answer, Failed) else read_answer(answer)
        if words is not None:
            return words
        why = _WHY.get(answer.reason, "it could not be asked") if isinstance(answer, Failed) else _UNREADABLE
        _log.warning("lyrics_service_failed", reason=why)
        own = BuiltIn().write(prompt, style=style, seed=seed, variant=variant, duration_s=duration_s)
        note = f"Written by the built-in writer instead of the service that was set: {why}."
        return Words(title=own.title, text=own.text, note=note)


def write_words(store: Store, life: Life, lyricist: Lyricist, view: TaskView, attempt: Attempt) -> None:
    """Write all texts of a task and end it. Raises ``Stopped`` where it is no longer this attempt's."""
    request = view.request
    style = request.wish.style if isinstance(request.wish, Specified) else ""
    assert request.seed is not None, "intake draws a seed"
    words = {
        index: lyricist.write(
            described(request.wish),
            style=style,
            seed=request.seed,
            variant=index,
            duration_s=request.duration_s,
        )
        for index in range(request.take_count)
    }
    known = {take.index: take for take in view.takes}
    ids = {index: known[index].id if index in known else new_take_id() for index in words}
    texts = tuple(_text(view, ids[index], index, one) for index, one in words.items())
    honoured = _honoured(words)

    def publish(books: Books) -> bool:
        life.honoured(books, attempt, honoured)
        is_ours = life.text_ready(books, attempt, texts)
        for index in words:
            is_ours = is_ours and life.take_ready(books, attempt, _result(ids[index], request.seed or 0))
        return is_ours

    if not store.write(publish):
        raise Stopped("The task is no longer this worker's.")


def read_answer(answer: bytes) -> Words | None:
    """Return the words in a chat completion; None where it holds none that can be sung."""
    try:
        content = orjson.loads(answer)["choices"][0]["message"]["content"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    if not isinstance(content, str):
        return None
    lines = _FENCE.sub("", content.replace("\0", "")).strip().splitlines()
    title = _TITLE.match(lines[0]) if lines else None
    text = "\n".join(lines[1:] if title else lines).strip()[:_LONGEST_TEXT]
    sung = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("[")]
    if len(sung) < _FEWEST_LINES:
        return None
    named = (title[1] if title else sung[0])[:_LONGEST_TITLE]
    return Words(title=named.strip(" *\"'"), text=text)


def _request(
    model: str, prompt: str, *, style: str, seed: int, duration_s: float | None
) -> Mapping[str, Any]:
    wishes = [prompt]
    if style:
        wishes.append(f"Style: {style}")
    if duration_s is not None:
        wishes.append(f"The song lasts about {duration_s:.0f} seconds.")
    messages = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": "\n".join(wishes)}]
    return {"model": model, "messages": messages, "seed": seed % 2**31, "stream": False}


def _text(view: TaskView, take_id: str, index: int, words: Words) -> TakeText:
    wish = view.request.wish
    return TakeText(
        take_id=take_id,
        take_index=index,
        title=words.title,
        style=wish.style if isinstance(wish, Specified) else "",
        prompt=described(wish),
        lyrics=words.text,
        model_name=TIERS[view.request.tier].upstream_name,
    )


def _result(take_id: str, seed: int) -> TakeResult:
    return TakeResult(
        take_id=take_id,
        duration_s=None,
        joined_at_s=None,
        seed=seed,
        bpm=None,
        key=None,
        loudness_lufs=None,
        lines=(),
        artefacts=(),
    )


def _honoured(words: Mapping[int, Words]) -> Mapping[str, Honoured]:
    note = next((one.note for one in words.values() if one.note), "")
    fidelity = Fidelity.APPROXIMATE if note else Fidelity.EXACT
    return {"prompt": Honoured(fidelity=fidelity, reason=note)}
