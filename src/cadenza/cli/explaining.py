"""The work behind ``explain``: continue a recording, and draw what became of it."""

from __future__ import annotations

from pathlib import Path

from cadenza import wiring
from cadenza.audio.files import appearing_whole
from cadenza.cli.takes import continuation_order, first_take
from cadenza.domain.errors import Unsupported
from cadenza.domain.request import GenerationRequest
from cadenza.publish.explained import HEIGHT, WIDTH, Explained, draw_explanation
from cadenza.publish.sketch import as_png, as_svg
from cadenza.settings import current_settings


def draw(request: GenerationRequest, source_path: Path, output: Path) -> None:
    """Continue the recording at ``source_path`` and write the picture of it; the suffix is its format.

    Raises ``Unsupported`` where the engine does not tell what it quotes.
    """
    engine = wiring.engine(current_settings().engine)
    order, _ = continuation_order(request, source_path, engine)
    rendition = first_take(engine, order)
    if not rendition.quoted or order.source is None or rendition.joined_at_s is None:
        raise Unsupported(
            f"The engine {engine.name!r} does not tell what it quotes: there is nothing to draw."
        )
    shapes = draw_explanation(
        Explained(
            title=source_path.name,
            take=rendition.signal,
            joined_at_s=rendition.joined_at_s,
            findings=wiring.findings(order.source),
            quoted=rendition.quoted,
        )
    )
    size = {"width": WIDTH, "height": HEIGHT}
    is_text = output.suffix.lower() == ".svg"
    with appearing_whole(output) as unfinished:
        unfinished.write_bytes(as_svg(shapes, **size).encode() if is_text else as_png(shapes, **size))
