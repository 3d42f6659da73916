"""Title, style and words of a continuation, before it sounds."""

from __future__ import annotations

from cadenza.domain.request import Described, Specified
from cadenza.engines.protocol import Order, TakePlan

_UNNAMED = "Untitled"
_OWN_STYLE = "in the style of the source"


def continuation_plan(order: Order, take_index: int) -> TakePlan:
    """Return the text of a take that continues ``order.source``."""
    wish = order.request.wish
    title = (wish.title if isinstance(wish, Specified) else "") or _extended(order.source_title)
    style = (wish.style if isinstance(wish, Specified) else "") or _OWN_STYLE
    if isinstance(wish, Described):
        style = wish.prompt
    lyrics = (wish.lyrics or "") if isinstance(wish, Specified) else ""
    return TakePlan(take_index=take_index, title=title, style=style, lyrics=lyrics)


def _extended(title: str) -> str:
    return f"{title or _UNNAMED} (Extended)"
