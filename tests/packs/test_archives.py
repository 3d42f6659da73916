"""Archives are hostile until judged."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from cadenza.packs import archives
from cadenza.packs.archives import BadArchive, judged, members
from cadenza.packs.catalogue import Kind, catalogue, is_safe
from cadenza.testing.packages import FILES, deb, tar, tarball, wheel

PACKED = {Kind.PYPI: wheel, Kind.NPM: tarball, Kind.DEB: deb}


def read(data, kind, tmp_path):
    path = tmp_path / "archive"
    path.write_bytes(data)
    with judged():
        return {name: stream.read() for name, stream in members(path, kind)}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_gives_its_files(kind, tmp_path):
    assert FILES.items() <= read(PACKED[kind](), kind, tmp_path).items()


@pytest.mark.parametrize(
    ("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz"), (lzma.compress, ".xz")], ids=["", "gz", "xz"]
)
def test_debian_packages_are_packed_in_several_ways(pack, suffix, tmp_path):
    assert read(deb(pack=pack, suffix=suffix), Kind.DEB, tmp_path) == FILES


def test_an_unknown_packing_is_told(tmp_path):
    with pytest.raises(BadArchive, match="unknown"):
        read(deb(pack=bz2.compress, suffix=".bz2"), Kind.DEB, tmp_path)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "a\\..\\out", "c:out"])
def test_sc_04_a_path_that_leads_out_of_an_archive_is_refused(kind, name, tmp_path):
    with pytest.raises(BadArchive):
        read(PACKED[kind]({name: b"x"}), kind, tmp_path)


@pytest.mark.parametrize("link", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_sc_04_links_and_devices_in_an_archive_are_refused(link, tmp_path):
    with pytest.raises(BadArchive, match="link or a device"):
        read(gzip.compress(tar(kind=link)), Kind.NPM, tmp_path)


def test_a_link_in_a_wheel_is_refused(tmp_path):
    made = io.BytesIO()
    info = zipfile.ZipInfo("toy/link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BadArchive, match="link or a device"):
        read(made.getvalue(), Kind.PYPI, tmp_path)


@pytest.mark.parametrize("kind", Kind)
def test_a_bomb_is_not_unpacked(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 100_000)
    with pytest.raises(BadArchive, match="more than"):
        read(PACKED[kind]({"zeros": bytes(1_000_000)}), kind, tmp_path)


@pytest.mark.parametrize("kind", Kind)
def test_too_many_files_are_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    with pytest.raises(BadArchive, match="more than 3"):
        read(PACKED[kind]({f"file-{n}": b"" for n in range(5)}), kind, tmp_path)


@pytest.mark.parametrize("kind", Kind)
def test_a_damaged_archive_is_told_and_never_crashes(kind, tmp_path, tried):
    whole = PACKED[kind]()
    cuts = range(0, len(whole), max(1, len(whole) // 30))
    tried(2 * len(cuts))
    for cut in cuts:
        spoilt = bytearray(whole)
        spoilt[cut] ^= 0xFF
        for data in (whole[:cut], bytes(spoilt)):
            try:
                read(data, kind, tmp_path)
            except BadArchive:
                continue


def test_a_member_that_claims_to_be_huge_is_not_believed(tmp_path):
    bomb = tarfile.TarInfo("zeros")
    bomb.size = 2**40
    data = gzip.compress(bomb.tobuf() + bytes(1024))
    with pytest.raises(BadArchive):
        read(data, Kind.NPM, tmp_path)


def test_the_packs_of_the_catalogue_take_licences_along_and_stay_inside_their_folder():
    for pack in catalogue().values():
        for package in pack.packages:
            assert package.licence
            assert package.attribution
            targets = [file.target for file in package.files]
            assert package.everything or any(name.startswith("licences/") for name in targets), package
            assert all(is_safe(name) for name in targets)
