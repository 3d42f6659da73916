"""A small language of shapes and two painters of it: an SVG text, or pixels."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Anchor = Literal["start", "middle", "end"]

_COLOURS: Final = 64  # of a raster that is stretched: fewer bytes, and nobody sees it
_PILLOW_ANCHORS: Final[dict[Anchor, str]] = {"start": "ls", "middle": "ms", "end": "rs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A filled rectangle. Places are pixels from the top left corner, colours "#rrggbb"."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text on one line whose base begins, lies around or ends at a place."""

    x: float
    y: float
    text: str
    size: int = 14
    colour: str = "#222222"
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """A picture of (rows, columns, 3) pixels that is stretched to a rectangle."""

    x: float
    y: float
    width: float
    height: float
    pixels: Pixels


Shape = Box | Line | Words | Raster


def as_svg(shapes: Iterable[Shape], *, width: int, height: int) -> str:
    """Return the shapes, later ones above earlier ones, on white."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_element(shape) for shape in shapes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _element(shape: Shape) -> str:
    match shape:
        case Box():
            return f'<rect {_frame(shape)} fill="{shape.fill}"/>'
        case Line():
            return (
                f'<line x1="{shape.x1:.1f}" y1="{shape.y1:.1f}" x2="{shape.x2:.1f}" y2="{shape.y2:.1f}" '
                f'stroke="{shape.colour}" stroke-width="{shape.width}"/>'
            )
        case Words():
            return (
                f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size}" '
                f'fill="{shape.colour}" text-anchor="{shape.anchor}">{escape(shape.text)}</text>'
            )
        case Raster():
            data = base64.b64encode(_png(Image.fromarray(shape.pixels))).decode()
            return f'<image {_frame(shape)} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'


def _frame(shape: Box | Raster) -> str:
    return f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"'


def as_png(shapes: Iterable[Shape], *, width: int, height: int) -> bytes:
    """Return the same picture in pixels."""
    picture = Image.new("RGB", (width, height), "#ffffff")
    draw = ImageDraw.Draw(picture)
    for shape in shapes:
        _paint(shape, picture, draw)
    return _png(picture)


def _paint(shape: Shape, picture: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    match shape:
        case Box():
            far = (shape.x + shape.width - 1, shape.y + shape.height - 1)
            draw.rectangle((shape.x, shape.y, max(far[0], shape.x), max(far[1], shape.y)), fill=shape.fill)
        case Line():
            draw.line((shape.x1, shape.y1, shape.x2, shape.y2), fill=shape.colour, width=shape.width)
        case Words():
            font = ImageFont.load_default(size=shape.size)
            anchor = _PILLOW_ANCHORS[shape.anchor]
            draw.text((shape.x, shape.y), shape.text, fill=shape.colour, font=font, anchor=anchor)
        case Raster():
            size = (max(1, round(shape.width)), max(1, round(shape.height)))
            scaled = Image.fromarray(shape.pixels).resize(size, Image.Resampling.BILINEAR)
            few = scaled.quantize(_COLOURS, dither=Image.Dither.NONE).convert("RGB")
            picture.paste(few, (round(shape.x), round(shape.y)))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
