"""What holds of every place where files lie: a folder here and a bucket elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path

import pytest

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import NotFound

CONTENT = bytes(range(256)) * 4000  # a megabyte, in several pieces
DIGEST = hashlib.sha256(CONTENT).hexdigest()
YOUNGER, OLDER = -60.0, 60.0


def nobody(_digests):
    return []


def everybody(digests):
    return digests


def content_of(media, digest):
    with media.open(digest) as file:
        return file.read()


def stored(media):
    return {digest for some in media.folders() for digest in some}


def delete_unused(media, digests, *, used=nobody, untouched_for_s=OLDER):
    return media.delete_unused(digests, used=used, untouched_since_s=time.time() + untouched_for_s)  # noqa: TID251 - the store's own clock


def test_a_file_is_named_by_its_content_and_given_back(media, new_file):
    path = new_file(CONTENT)
    artefact = media.put(path, ArtefactKind.AUDIO_MP3)
    assert (artefact.sha256, artefact.size_bytes) == (DIGEST, len(CONTENT))
    assert not path.exists()
    assert content_of(media, DIGEST) == CONTENT
    assert stored(media) == {DIGEST}


def test_equal_files_are_one_file(media, new_file):
    for kind in (ArtefactKind.AUDIO_MP3, ArtefactKind.UPLOAD):
        assert media.put(new_file(b"sound"), kind).sha256 == hashlib.sha256(b"sound").hexdigest()
    assert len(stored(media)) == 1


def test_a_kept_copy_and_an_open_file_outlive_the_deletion(media, new_file, tmp_path):
    media.put(new_file(CONTENT), ArtefactKind.UPLOAD)
    media.keep(DIGEST, tmp_path / "kept")
    with media.open(DIGEST) as file:
        assert delete_unused(media, [DIGEST]) == 1
        assert file.read() == CONTENT
    assert (tmp_path / "kept").read_bytes() == CONTENT
    assert stored(media) == set()
    with pytest.raises(NotFound):
        media.open(DIGEST)
    with pytest.raises(NotFound):
        media.keep(DIGEST, tmp_path / "again")


def test_what_is_used_or_young_stays(media, new_file):
    media.put(new_file(CONTENT), ArtefactKind.UPLOAD)
    assert delete_unused(media, [DIGEST], used=everybody) == 0
    assert delete_unused(media, [DIGEST], untouched_for_s=YOUNGER) == 0
    assert delete_unused(media, []) == 0
    assert content_of(media, DIGEST) == CONTENT
    assert delete_unused(media, [DIGEST, "0" * 64]) == 1


@pytest.mark.parametrize("name", ["", "..", "../" * 5 + "etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_ST_01_what_is_no_digest_is_not_found(media, name, tmp_path):
    for use in (media.find, media.open, lambda digest: media.keep(digest, tmp_path / digest[:3])):
        with pytest.raises(NotFound):
            use(name)


def test_ST_02_a_symbolic_link_is_not_taken_in(media, new_file, tmp_path):
    (tmp_path / "link").symlink_to(new_file(b"secret"))
    with pytest.raises(FileNotFoundError):
        media.put(tmp_path / "link", ArtefactKind.UPLOAD)
    assert stored(media) == set()


@pytest.mark.parametrize(
    ("start", "stop"), [(0, len(CONTENT)), (0, 1), (300, 700_000), (len(CONTENT) - 1, len(CONTENT))]
)
def test_any_part_of_a_file_is_found(media, new_file, start, stop):
    media.put(new_file(CONTENT), ArtefactKind.AUDIO_FLAC)
    found = media.find(DIGEST)
    if isinstance(found, Path):
        assert found.read_bytes()[start:stop] == CONTENT[start:stop]
    else:
        assert read(found, start, stop, len(CONTENT)) == CONTENT[start:stop]


def read(file, start, stop, size_bytes):
    async def pieces():
        return [piece async for piece in file.stream(start, stop, size_bytes=size_bytes)]

    return b"".join(asyncio.run(pieces()))
