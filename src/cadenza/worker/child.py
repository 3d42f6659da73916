"""The render child: makes the takes of one order in a process of its own, and tells how it goes.

It is started by the worker, mostly before there is anything to do: it loads its libraries and waits, asleep,
for the one order that comes on standard input, a socket. It writes files into the order's folder and
events, one JSON line each, to standard output. Killing it is how a task is cancelled.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from cadenza import crash
from cadenza.audio.children import NurseryDoor, fresh_child
from cadenza.audio.decode import DecodedSource, decode
from cadenza.audio.encode import Depth, Mp3Stream
from cadenza.audio.signal import Signal
from cadenza.domain.errors import GenerationFailed, SourceUnusable
from cadenza.engines.protocol import Engine, Order, Rendition, TakePlan
from cadenza.publish.render import render_files
from cadenza.worker.order import (
    Broke,
    ChildEvent,
    ChildOrder,
    Planned,
    Progressed,
    TakeRendered,
    event_to_json,
    receive_order,
    stream_path,
)
from cadenza.worker.orphan import end_with_parent

# Rendering shares a machine with the API: it yields to whatever answers callers.
_NICENESS = 5
# Part of the whole that encoding and drawing take, beside the engine's own work.
_PUBLISHING_SHARE = 0.25


def main(engine_named: Callable[[str], Engine], *, artist: str, likely_engine: str) -> None:
    """Render the order on standard input; the exit status is 0 whenever an event told the outcome.

    ``artist`` is named in the files. ``likely_engine`` is loaded before the order has come.
    """
    parent = os.getppid()
    os.nice(_NICENESS)
    engine_named(likely_engine)
    with socket.socket(fileno=os.dup(0)) as line:
        order = receive_order(line)
    if order is None:
        return
    # Not before: the watch wakes up now and then, and while we wait the end of the line tells the same.
    end_with_parent(parent)
    teller = _Teller(order, os.fdopen(os.dup(1), "wb", buffering=0), artist)
    os.dup2(2, 1)  # a stray print must not look like an event
    try:
        _render(order, engine_named(order.engine), teller)
    except SourceUnusable as error:
        teller.tell(Broke(reason=str(error), is_source=True))
    except GenerationFailed as error:
        teller.tell(Broke(reason=str(error), is_source=False))


def _render(order: ChildOrder, engine: Engine, teller: _Teller) -> None:
    teller.progress("source", 0.0)
    source = _source(order)
    assert order.request.seed is not None, "intake draws a seed"
    engine_order = Order(
        request=order.request,
        seed=order.request.seed,
        source=None if source is None else source.signal,
        source_title=order.source_title,
        source_sha256=order.source_sha256,
        take_indices=tuple(sorted(order.take_ids)),
    )
    depth = Depth.BITS_16 if source is None or source.fits_16_bits else Depth.BITS_24
    for rendition in engine.render(engine_order, teller):
        teller.finished(rendition, depth=depth)
        del rendition  # before the next take is made: two long ones would be much


def _source(order: ChildOrder) -> DecodedSource | None:
    if order.source_path is None:
        return None
    children = fresh_child if order.nursery is None else NurseryDoor(order.nursery)
    return decode(order.source_path, longest_s=order.longest_source_s, children=children)


class _Teller:
    """``Listener`` that tells the worker, and lets each take be heard while it grows."""

    def __init__(self, order: ChildOrder, out: BinaryIO, artist: str) -> None:
        self._order = order
        self._artist = artist
        self._out = out
        self._streams: dict[int, Mp3Stream] = {}
        # The encoder works outside Python's lock: beside the engine, not instead of it.
        self._encoder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stream")
        self._published = 0

    def tell(self, event: ChildEvent) -> None:
        self._out.write(event_to_json(event))

    def planned(self, plan: TakePlan) -> None:
        self.tell(Planned(take_index=plan.take_index, title=plan.title, style=plan.style, lyrics=plan.lyrics))

    def progress(self, stage: str, fraction: float) -> None:
        published = self._published / len(self._order.take_ids)
        share = (1 - _PUBLISHING_SHARE) * fraction + _PUBLISHING_SHARE * published
        self.tell(Progressed(stage=stage, fraction=share))

    def preview(self, take_index: int, chunk: Signal) -> None:
        self._encoder.submit(self._stream, take_index, chunk)

    def _stream(self, take_index: int, chunk: Signal) -> None:
        stream = self._streams.get(take_index)
        if stream is None:
            stream = self._streams[take_index] = Mp3Stream(
                stream_path(self._order.streams_folder, self._order.take_ids[take_index])
            )
        stream.write(chunk)

    def should_stop(self) -> bool:
        return False  # the worker ends this process instead

    def finished(self, rendition: Rendition, *, depth: Depth) -> None:
        index = rendition.plan.take_index
        index_in_order = sorted(self._order.take_ids).index(index)
        self.progress("publish", (index_in_order + 1) / len(self._order.take_ids))
        files = render_files(
            rendition,
            self._order.folder,
            take_id=self._order.take_ids[index],
            depth=depth,
            artist=self._artist,
            extra_files=self._order.request.extra_files,
        )
        self._encoder.submit(self._end_stream, index).result()
        self._published += 1
        crash.here("after_render")
        self.tell(
            TakeRendered(
                take_index=index,
                files=files.by_kind,
                duration_s=rendition.signal.duration_s,
                joined_at_s=rendition.joined_at_s,
                seed=rendition.seed,
                bpm=rendition.bpm,
                key=rendition.key,
                loudness_lufs=rendition.loudness_lufs,
                lines=rendition.lines,
                honoured=rendition.honoured,
            )
        )

    def _end_stream(self, take_index: int) -> None:
        if stream := self._streams.pop(take_index, None):
            stream.close()
