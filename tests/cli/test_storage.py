"""A bucket as operators meet it: tried by the doctor, filled from a data folder, named wrongly."""

from __future__ import annotations

import pytest

from cadenza.domain.artefact import ArtefactKind
from cadenza.publish.bucket import bucket_of
from cadenza.publish.objects import ObjectStore
from cadenza.publish.store import MediaStore
from cadenza.settings import from_environment
from cadenza.testing.service import free_port


@pytest.fixture
def settings(bucket_server, monkeypatch):
    """The settings of a fresh bucket, in force."""
    environment = bucket_server.environment(bucket_server.new_bucket())
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return from_environment(environment)


def finding(report):
    return next(one for one in report["findings"] if one["name"] == "storage")


def test_the_doctor_writes_to_the_bucket_and_leaves_nothing(cadenza, settings):
    assert finding(cadenza("doctor", "--json").json)["ok"]
    assert list(ObjectStore(bucket_of(settings)).folders()) == []


def test_the_doctor_says_nothing_of_a_bucket_where_none_is_meant(cadenza):
    assert all(one["name"] != "storage" for one in cadenza("doctor", "--json").json["findings"])


def test_the_doctor_tells_of_a_store_that_is_away(cadenza, settings, monkeypatch):
    monkeypatch.setenv("CADENZA_STORAGE_URL", f"s3://media?endpoint=http://127.0.0.1:{free_port()}")
    answer = cadenza("doctor", "--json")
    told = finding(answer.json)
    assert (answer.status, told["ok"]) == (1, False)
    assert "CADENZA_STORAGE_URL" in told["remedy"]


def test_a_data_folder_is_copied_into_the_bucket_once(cadenza, settings, tmp_path):
    folder, bucket = MediaStore(tmp_path / "data/media"), ObjectStore(bucket_of(settings))
    contents = {}
    for number in range(3):
        path = tmp_path / "file"
        path.write_bytes(b"sound %d" % number)
        contents[folder.put(path, ArtefactKind.AUDIO_MP3).sha256] = b"sound %d" % number
    assert cadenza("storage", "copy", "--json").json == {"copied": 3, "present": 0}
    assert cadenza("storage", "copy", "--json").json == {"copied": 0, "present": 3}
    for digest, content in contents.items():
        with bucket.open(digest) as file:
            assert file.read() == content
        assert folder.path(digest).read_bytes() == content


def test_a_bucket_that_cannot_be_named_is_told_by_its_variable(cadenza, monkeypatch):
    monkeypatch.setenv("CADENZA_STORAGE_URL", "s3://?endpoint=x")
    answer = cadenza("storage", "copy")
    assert (answer.status, answer.out) == (2, "")
    assert "CADENZA_STORAGE_URL takes s3://BUCKET" in answer.err
