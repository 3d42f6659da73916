import socket

import pytest

from cadenza.cli import doctor
from cadenza.cli.doctor import Finding


def finding(report, name):
    return next(one for one in report["findings"] if name in one["name"])


def test_a_sound_installation_has_nothing_essential_missing(cadenza):
    answer = cadenza("doctor", "--json")
    report = answer.json
    assert answer.status == 0, report
    assert report["ok"]
    names = [one["name"] for one in report["findings"]]
    for part in ("Python", "packages", "sound files", "MP3", "M4A", "cage", "data folder", "free space"):
        assert any(part in name for name in names), part


def test_every_package_is_named_with_its_version(cadenza):
    assert "soundfile 0." in finding(cadenza("doctor", "--json").json, "packages")["detail"]


def test_what_is_missing_comes_with_what_to_do(cadenza, monkeypatch):
    def lost(_settings):
        yield Finding(name="heart", ok=False, detail="not there", remedy="Look for it.")

    monkeypatch.setattr(doctor, "CHECKS", [lost])
    answer = cadenza("doctor")
    assert answer.status == 1
    assert "missing  heart: not there\n         → Look for it.\n" in answer.out


def test_what_is_not_essential_fails_nothing(cadenza, monkeypatch):
    def lost(_settings):
        yield Finding(name="toy", ok=False, detail="not there", remedy="Buy one.", essential=False)

    monkeypatch.setattr(doctor, "CHECKS", [lost])
    assert cadenza("doctor").status == 0


def test_a_taken_port_is_told(cadenza):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        report = cadenza("doctor", "--json", "--port", port).json
    assert not finding(report, f"port {port}")["ok"]
    assert report["ok"]


def test_a_data_folder_that_cannot_be_written_is_essential(cadenza, monkeypatch):
    monkeypatch.setenv("CADENZA_DATA", "/proc/cadenza")
    answer = cadenza("doctor", "--json")
    assert answer.status == 1
    assert "CADENZA_DATA" in finding(answer.json, "data folder")["remedy"]


def test_a_crash_point_is_told_only_where_one_is_set(cadenza, monkeypatch):
    assert not any(one["name"] == "crash point" for one in cadenza("doctor", "--json").json["findings"])
    monkeypatch.setenv("CADENZA_CRASH_AT", "after_hold:2")
    answer = cadenza("doctor", "--json")
    assert answer.status == 0
    told = finding(answer.json, "crash point")
    assert (told["ok"], told["essential"]) == (False, False)
    assert "after_hold:2" in told["detail"]
    assert "unset" in told["remedy"]


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("numpy", "numpy"),
        ("dbos==3.4.0", "dbos"),
        ("python-multipart>=0.0.34", "python-multipart"),
        ("a [x]", "a"),
    ],
)
def test_a_requirement_names_its_distribution(requirement, name):
    assert doctor._distribution_name(requirement) == name
