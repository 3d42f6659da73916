import numpy as np
import pytest

from cadenza.audio.sniff import HEAD_BYTES, Container, NotSound, id3_tag_bytes, sniff
from cadenza.testing.audio import noise
from cadenza.testing.files import FORMATS, file_bytes

CONTAINERS = {
    "wav": Container.WAV, "wav24": Container.WAV, "wavfloat": Container.WAV, "rf64": Container.WAV,
    "aiff": Container.AIFF, "flac": Container.FLAC, "flac24": Container.FLAC, "mp3": Container.MP3,
    "ogg": Container.OGG, "opus": Container.OPUS,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_recording_is_known_by_its_content(name):
    assert sniff(file_bytes(noise(0.5), name)[:HEAD_BYTES]) is CONTAINERS[name]


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00", Container.MP4),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", Container.WEBM),
        (b"RIFX\x00\x00\x00\x24WAVEfmt ", Container.WAV),
        (b"FORM\x00\x00\x00\x24AIFCFVER", Container.AIFF),
    ],
)
def test_other_containers_are_known_by_their_magic(head, container):
    assert sniff(head) is container


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n", "playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n", "playlist"),
        (b"ffconcat version 1.0\nfile other.mp3\n", "list of other files"),
        (b'<?xml version="1.0"?><MPD/>', "XML"),
        (b"<MPD type='static'>", "DASH"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "session description"),
        (b"\n <!DOCTYPE html><html>", "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\x7fELF\x02\x01\x01\x00", "program"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"MThd\x00\x00\x00\x06", "MIDI"),
        (b"Dear listener,\nthis is a letter.\n", "text"),
        (b"\x00", "no known kind"),
        (b"\xff" * HEAD_BYTES, "no known kind"),
    ],
)
def test_what_is_no_recording_is_called_by_its_name(head, what):
    answer = sniff(head)
    assert isinstance(answer, NotSound)
    assert what in answer.what


def test_random_bytes_are_no_mp3_although_they_hold_sync_words():
    dice = np.random.default_rng(7)
    for _ in range(20):
        assert isinstance(sniff(dice.bytes(HEAD_BYTES)), NotSound)


def test_the_length_of_a_tag_counts_its_head_and_footer():
    assert id3_tag_bytes(b"ID3\x04\x00\x00\x00\x00\x02\x01") == 10 + 2 * 128 + 1
    assert id3_tag_bytes(b"ID3\x04\x00\x10\x00\x00\x02\x01") == 20 + 2 * 128 + 1
    assert id3_tag_bytes(b"ID3\x04\x00\x00\x80\x00\x02\x01") == 0
    assert id3_tag_bytes(b"RIFF") == 0
