import numpy as np
import pytest

from cadenza.publish.cover import COVER_SIDE, draw_cover
from cadenza.publish.palette import hue_of_key, oklch_to_srgb, ramp
from cadenza.testing.audio import chord, clicks, noise, silence, sine

SIDE = COVER_SIDE


def drawn(signal, key="A minor", **more):
    return np.asarray(draw_cover(signal, key=key, **more), float)


def test_the_same_music_has_the_same_cover():
    assert np.array_equal(drawn(chord((57, 60, 64), 3)), drawn(chord((57, 60, 64), 3)))


def test_other_music_and_another_key_have_another_cover():
    music = chord((57, 60, 64), 3)
    assert not np.array_equal(drawn(music), drawn(clicks(120, 3)))
    assert not np.array_equal(drawn(music), drawn(music, key="E major"))


def test_low_notes_lie_inside_and_high_ones_outside():
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    radius = np.hypot(x - SIDE / 2, y - SIDE / 2) / SIDE
    disc = (radius > 0.1) & (radius < 0.36)

    def middle_radius(hertz):
        light = np.maximum(drawn(sine(hertz, 3)).sum(axis=2) - 150, 0) ** 2 * disc
        return (light * radius).sum() / light.sum()

    assert middle_radius(100) < middle_radius(800) < middle_radius(6000)


def test_sound_in_the_first_half_lights_the_right_side():
    first_half = np.concatenate([noise(2).samples, silence(2).samples], axis=1)
    picture = drawn(type(noise(1))(first_half, 44100)).sum(axis=2)
    assert picture[:, SIDE // 2 :].mean() > 1.5 * picture[:, : SIDE // 2].mean()


def test_a_join_is_seen():
    music = chord((57, 60, 64), 4)
    assert not np.array_equal(drawn(music), drawn(music, joined_at_s=2.0))


@pytest.mark.parametrize("signal", [silence(1), silence(0), sine(440, 0.001, channels=1), noise(0.2)])
def test_any_signal_has_a_cover(signal):
    assert np.isfinite(drawn(signal, key=None)).all()


def test_neighbours_on_the_circle_of_fifths_are_neighbours_in_colour():
    def apart(one, other):
        return abs((hue_of_key(one) - hue_of_key(other) + 180) % 360 - 180)

    assert apart("C major", "G major") == apart("F major", "C major") == pytest.approx(30)
    assert apart("C major", "F# major") == pytest.approx(180)
    assert apart("C major", "A minor") < 30
    assert hue_of_key("Bb major") == hue_of_key("A# major")
    assert 0 <= hue_of_key(None) < 360


def test_colours_rise_from_dark_to_light():
    for hue in range(0, 360, 30):
        colours = ramp(hue, brightness=0.5, is_minor=False)
        assert ((colours >= 0) & (colours <= 1)).all()
        luminance = colours @ [0.2126, 0.7152, 0.0722]
        assert luminance[0] < 0.1
        assert luminance[-1] > 0.55


def test_oklch_white_and_black_are_white_and_black():
    colours = oklch_to_srgb(np.array([[1.0, 0, 0], [0.0, 0, 0]]))
    assert colours == pytest.approx(np.array([[1, 1, 1], [0, 0, 0]]), abs=1e-3)
