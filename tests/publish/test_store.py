import hashlib
import os

import pytest

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import NotFound
from cadenza.publish import store as store_module
from cadenza.publish.store import MediaStore


@pytest.fixture
def media(tmp_path):
    return MediaStore(tmp_path / "media")


def scratch(tmp_path, content=b"sound"):
    path = tmp_path / "scratch"
    path.write_bytes(content)
    return path


def files_of(media):
    return [path for path in media._root.rglob("*") if path.is_file()]


def test_a_file_is_named_by_its_content(media, tmp_path):
    artefact = media.put(scratch(tmp_path), ArtefactKind.AUDIO_MP3)
    assert artefact.sha256 == hashlib.sha256(b"sound").hexdigest()
    assert (artefact.size_bytes, artefact.media_type, artefact.suffix) == (5, "audio/mpeg", ".mp3")
    assert media.path(artefact.sha256).read_bytes() == b"sound"
    with media.open(artefact.sha256) as file:
        assert file.read() == b"sound"
    assert not (tmp_path / "scratch").exists()


def test_equal_files_are_one_file(media, tmp_path):
    first = media.put(scratch(tmp_path), ArtefactKind.AUDIO_MP3)
    assert media.put(scratch(tmp_path), ArtefactKind.UPLOAD).sha256 == first.sha256
    assert len(files_of(media)) == 1


def test_a_deleted_file_is_gone_but_still_read_by_who_has_it_open(media, tmp_path):
    digest = media.put(scratch(tmp_path), ArtefactKind.COVER).sha256
    with media.open(digest) as file:
        assert media.delete(digest)
        assert file.read() == b"sound"
    assert not media.delete(digest)
    with pytest.raises(NotFound):
        media.path(digest)
    with pytest.raises(NotFound):
        media.open(digest)


NO_DIGESTS = [
    "",
    "..",
    "../" * 5 + "etc/passwd",
    "/etc/passwd",
    "a" * 63,
    "A" * 64,
    "a" * 64 + "\n",
    "\0" * 64,
]


@pytest.mark.parametrize("name", [*NO_DIGESTS, "a" * 32 + "/" + "a" * 31])
def test_ST_01_what_is_no_digest_is_not_found(media, name):
    for use in (media.path, media.open, media.delete):
        with pytest.raises(NotFound):
            use(name)


@pytest.fixture
def planted(media, tmp_path):
    """A place in the store where somebody may put something, and a file of theirs outside."""
    digest = "ab" * 32
    (media._root / "ab").mkdir()
    outside = tmp_path / "secret"
    outside.write_bytes(b"of somebody else")
    return media._root / "ab" / digest, outside


def assert_not_there(media, digest, tmp_path):
    for use in (media.path, media.find, media.open, lambda one: media.keep(one, tmp_path / "kept")):
        with pytest.raises(NotFound):
            use(digest)
    assert not (tmp_path / "kept").exists()


def test_ST_02_a_symbolic_link_in_the_store_is_not_followed(media, planted, tmp_path):
    place, outside = planted
    place.symlink_to(outside)
    assert_not_there(media, place.name, tmp_path)
    assert media.delete(place.name)
    assert outside.read_bytes() == b"of somebody else"


def test_ST_02_a_hard_link_in_the_store_is_not_believed(media, planted, tmp_path):
    place, outside = planted
    os.link(outside, place)
    assert_not_there(media, place.name, tmp_path)


def test_ST_02_a_pipe_or_folder_in_the_store_is_not_there_and_blocks_nobody(media, planted, tmp_path):
    place, _ = planted
    os.mkfifo(place)
    assert_not_there(media, place.name, tmp_path)
    place.unlink()
    place.mkdir()
    assert_not_there(media, place.name, tmp_path)


def test_ST_02_a_folder_of_the_store_that_is_a_link_is_not_followed(media, tmp_path):
    digest = hashlib.sha256(b"sound").hexdigest()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / digest).write_bytes(b"sound")
    (media._root / digest[:2]).symlink_to(elsewhere)
    assert_not_there(media, digest, tmp_path)
    with pytest.raises(OSError, match="symbolic link"):
        media.put(scratch(tmp_path), ArtefactKind.UPLOAD)
    assert [path.name for path in elsewhere.iterdir()] == [digest]
    assert not list((media._root / "arriving").iterdir())


def test_a_file_that_is_being_continued_is_still_played(media, tmp_path):
    digest = media.put(scratch(tmp_path), ArtefactKind.AUDIO_FLAC).sha256
    media.keep(digest, tmp_path / "source")
    for _ in range(2):
        with media.open(digest) as file:
            assert file.read() == b"sound"
    assert media.path(digest).samefile(tmp_path / "source")


def test_ST_02_a_symbolic_link_is_not_taken_in(media, tmp_path):
    (tmp_path / "link").symlink_to(scratch(tmp_path))
    with pytest.raises(FileNotFoundError):
        media.put(tmp_path / "link", ArtefactKind.UPLOAD)


def test_a_file_has_no_name_before_its_bytes_are_on_the_disk(media, tmp_path, monkeypatch):
    def full(_path):
        assert [path.parent.name for path in files_of(media)] == ["arriving"]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module, "sync_file", full)
    with pytest.raises(OSError, match="No space"):
        media.put(scratch(tmp_path), ArtefactKind.AUDIO_FLAC)
    assert not files_of(media)


def test_a_file_from_another_file_system_is_taken_in(media, tmp_path, monkeypatch):
    real = store_module.Path.rename

    def across(path, target):
        if path.name == "scratch":
            raise OSError(18, "Invalid cross-device link")
        return real(path, target)

    monkeypatch.setattr(store_module.Path, "rename", across)
    artefact = media.put(scratch(tmp_path), ArtefactKind.UPLOAD)
    assert media.path(artefact.sha256).read_bytes() == b"sound"
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("can_link", [True, False])
def test_a_kept_file_outlives_its_deletion(media, tmp_path, monkeypatch, can_link):
    def refuse(*_, **__):
        raise OSError(18, "Invalid cross-device link")

    if not can_link:
        monkeypatch.setattr(store_module.os, "link", refuse)
    digest = media.put(scratch(tmp_path), ArtefactKind.UPLOAD).sha256
    media.keep(digest, tmp_path / "kept")
    assert media.delete(digest)
    assert (tmp_path / "kept").read_bytes() == b"sound"
    with pytest.raises(NotFound):
        media.keep(digest, tmp_path / "again")
    assert not (tmp_path / "again").exists()
