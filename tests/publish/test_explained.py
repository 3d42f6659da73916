"""The picture of a continuation."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from cadenza import wiring
from cadenza.audio.signal import Signal
from cadenza.music.quotation import Layer, Quoted
from cadenza.publish.explained import HEIGHT, WIDTH, Explained, draw_explanation
from cadenza.publish.sketch import Line, Raster, Words, as_png, as_svg
from cadenza.testing.audio import clicks

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def told():
    source = clicks(120, 10.0, sample_rate=22050, channels=1)
    take = clicks(120, 16.0, sample_rate=22050, channels=1)
    quoted = (
        Quoted(layer=Layer.BODY, at_s=8.0, source_s=2.0, length_s=4.0),
        Quoted(layer=Layer.BODY, at_s=12.0, source_s=0.0, length_s=4.0),
        Quoted(layer=Layer.PULSE, at_s=8.0, source_s=4.0, length_s=8.0),
    )
    findings = wiring.findings(source)
    return Explained(
        title="<a & b>.wav",
        take=Signal(take.samples, 22050),
        joined_at_s=8.0,
        findings=findings,
        quoted=quoted,
    )


@pytest.fixture(scope="module")
def shapes(told):
    return draw_explanation(told)


def lines(shapes, colour):
    return [shape for shape in shapes if isinstance(shape, Line) and shape.colour == colour]


def test_the_join_stands_at_its_time_in_every_row(shapes):
    whole, path, close = [one for one in lines(shapes, "#d7263d") if one.x1 == one.x2]
    assert whole.x1 == path.x1 == pytest.approx(64 + (WIDTH - 32 - 64) / 2)
    assert close.x1 == pytest.approx(whole.x1)  # five seconds on either side


def test_a_quote_rises_with_the_time_in_the_source_that_sounds(shapes):
    first, second = lines(shapes, "#1b4965")[:2]
    assert first.x2 == pytest.approx(second.x1)
    assert first.y1 - first.y2 == pytest.approx(second.y1 - second.y2)
    assert second.y1 - first.y1 == pytest.approx(250 * 2 / 10)
    assert len([one for one in lines(shapes, "#5f8d4e") if one.x1 != one.x2 and one.y1 != one.y2]) == 1


def test_everything_lies_on_the_picture(shapes):
    for shape in shapes:
        if isinstance(shape, Line):
            assert 0 <= min(shape.x1, shape.x2) <= max(shape.x1, shape.x2) <= WIDTH
            assert 0 <= min(shape.y1, shape.y2) <= max(shape.y1, shape.y2) <= HEIGHT
        if isinstance(shape, Raster):
            assert shape.pixels.shape[2] == 3


def test_the_svg_is_well_formed_and_whoever_named_the_file_writes_no_markup(shapes):
    root = ET.fromstring(as_svg(shapes, width=WIDTH, height=HEIGHT))  # noqa: S314 - we wrote it
    assert root.find(f"{SVG}text").text.startswith("<a & b>.wav: joined at 8.00 s")
    assert len(root.findall(f"{SVG}image")) == 2
    assert len(root.findall(f"{SVG}line")) == len([one for one in shapes if isinstance(one, Line)])


def test_the_png_has_its_size_and_the_colours_of_the_lines(shapes):
    painted = as_png(shapes, width=WIDTH, height=HEIGHT)
    assert Image.open(io.BytesIO(painted)).size == (WIDTH, HEIGHT)
    assert any(isinstance(shape, Words) and shape.text == "new part" for shape in shapes)
    colours = {colour for _, colour in Image.open(io.BytesIO(painted)).convert("RGB").getcolors(1 << 20)}
    assert colours >= {(0x1B, 0x49, 0x65), (0xD7, 0x26, 0x3D), (0x5F, 0x8D, 0x4E)}
