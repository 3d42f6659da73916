"""A bucket whose store is away, slow, or does not keep what it was given."""

from __future__ import annotations

import asyncio
import hashlib

import obstore
import pytest

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import Damaged, NotFound, Unavailable
from cadenza.publish.bucket import bucket_of
from cadenza.publish.objects import ObjectStore
from cadenza.settings import SettingsError, from_environment
from cadenza.testing.relay import Fault, Harm, Relay

CONTENT = bytes(range(256)) * 8000  # two megabytes
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)
HALF_WAY = SIZE // 2


@pytest.fixture
def relay(bucket_server):
    with Relay(bucket_server.port) as relay:
        yield relay


@pytest.fixture
def bucket(open_bucket, relay):
    return open_bucket(port=relay.port)


@pytest.fixture
def kept(bucket, new_file):
    """The bucket with one file in it."""
    bucket.put(new_file(CONTENT), ArtefactKind.AUDIO_FLAC)
    return bucket


def put_past(bucket, content):
    """Put other bytes under the file's name, as damage does."""
    obstore.put(bucket._store, f"{DIGEST[:2]}/{DIGEST}", content)


def heard(bucket, start=0, stop=SIZE):
    """Return what a listener gets before the end or an error, and the error."""
    got = []

    async def listen():
        async for piece in bucket.find(DIGEST).stream(start, stop, size_bytes=SIZE):
            got.append(piece)  # noqa: PERF401 - what came before an error counts

    try:
        asyncio.run(listen())
    except (Damaged, NotFound, Unavailable) as error:
        return b"".join(got), error
    return b"".join(got), None


@pytest.mark.parametrize("harm", [Harm.RESET, Harm.END, Harm.SILENCE])
def test_a_reading_that_breaks_off_half_way_is_taken_up_again(kept, relay, harm, open_bucket):
    kept = open_bucket(port=relay.port, silence_s=1.0)
    relay.suffer(Fault(harm=harm, after_bytes=HALF_WAY), times=1)
    assert heard(kept) == (CONTENT, None)
    assert relay.harmed == 1


def test_a_slow_store_is_waited_for(bucket, relay, new_file):
    relay.suffer(Fault(harm=Harm.SLOW, to_server=True))
    bucket.put(new_file(CONTENT), ArtefactKind.UPLOAD)
    relay.suffer(Fault(harm=Harm.SLOW))
    assert heard(bucket) == (CONTENT, None)
    assert relay.harmed == 1


@pytest.mark.parametrize("harm", [Harm.RESET, Harm.END, Harm.SILENCE, Harm.BUSY])
def test_a_store_that_never_ends_an_answer_is_away(kept, relay, harm, open_bucket, new_file):
    kept = open_bucket(port=relay.port, silence_s=0.5)
    relay.suffer(Fault(harm=harm, after_bytes=100))
    got, error = heard(kept)
    assert got == b""
    assert isinstance(error, Unavailable)
    path = new_file(b"new")
    with pytest.raises(Unavailable):
        kept.put(path, ArtefactKind.UPLOAD)
    assert path.exists()
    relay.ease()
    assert heard(open_bucket()) == (CONTENT, None)


@pytest.mark.parametrize("harm", [Harm.RESET, Harm.END, Harm.BUSY])
def test_what_passes_by_itself_is_not_told(bucket, relay, harm, new_file):
    relay.suffer(Fault(harm=harm, after_bytes=20, to_server=True), times=2)
    assert bucket.put(new_file(CONTENT), ArtefactKind.UPLOAD).sha256 == DIGEST
    assert relay.harmed == 2
    assert heard(bucket) == (CONTENT, None)


def test_a_file_that_was_changed_on_its_way_is_sent_again(bucket, relay, new_file):
    relay.suffer(Fault(harm=Harm.CHANGE, after_bytes=HALF_WAY, to_server=True), times=1)
    bucket.put(new_file(CONTENT), ArtefactKind.UPLOAD)
    assert relay.harmed == 1
    assert heard(bucket) == (CONTENT, None)


def test_a_store_that_keeps_other_bytes_acknowledges_nothing(bucket, relay, new_file):
    path = new_file(CONTENT)
    relay.suffer(Fault(harm=Harm.CHANGE, after_bytes=HALF_WAY))
    with pytest.raises(Unavailable, match="does not keep"):
        bucket.put(path, ArtefactKind.UPLOAD)
    assert path.read_bytes() == CONTENT


def test_a_file_that_was_damaged_in_the_store_is_noticed(
    kept, bucket_server, bucket_name, tmp_path, new_file
):
    put_past(kept, CONTENT[:-1] + b"?")
    got, error = heard(kept)
    assert isinstance(error, Damaged)
    assert len(got) < SIZE  # whoever listens sees that it is not whole
    for use in (kept.open, lambda digest: kept.keep(digest, tmp_path / "kept")):
        with pytest.raises(Damaged):
            use(DIGEST)
    kept.put(new_file(CONTENT), ArtefactKind.AUDIO_FLAC)
    assert heard(kept) == (CONTENT, None)


def test_a_file_that_was_cut_in_the_store_is_noticed_in_any_part_of_it(kept):
    put_past(kept, CONTENT[:HALF_WAY])
    got, error = heard(kept, 0, 10)
    assert (got, type(error)) == (b"", Damaged)


def test_a_bucket_that_is_not_there_is_no_file_that_is_not_there(bucket_server, new_file):
    settings = from_environment(bucket_server.environment("no-such-bucket"))
    bucket = ObjectStore(bucket_of(settings))
    for use in (bucket.open, lambda _: bucket.probe(), lambda _: list(bucket.folders())):
        with pytest.raises(Unavailable):
            use(DIGEST)
    with pytest.raises(Unavailable, match="no such bucket"):
        bucket.put(new_file(b"new"), ArtefactKind.UPLOAD)


def test_what_the_bucket_is_asked_before_a_start_leaves_nothing(bucket):
    bucket.probe()
    assert list(bucket.folders()) == []


def test_the_url_names_bucket_prefix_endpoint_and_region():
    url = "s3://media/some/where/?endpoint=https://store.example:9000/&region=eu-1"
    bucket = bucket_of(from_environment({"CADENZA_STORAGE_URL": url, "AWS_SECRET_ACCESS_KEY": "planted"}))
    assert (bucket.name, bucket.prefix) == ("media", "some/where")
    assert (bucket.endpoint, bucket.region) == ("https://store.example:9000", "eu-1")
    assert "planted" not in repr(bucket)
    plain = bucket_of(from_environment({"CADENZA_STORAGE_URL": "s3://media", "AWS_REGION": "eu-2"}))
    assert (plain.prefix, plain.endpoint, plain.region) == ("", "", "eu-2")


NO_BUCKETS = [
    "s3://",
    "s3:///x",
    "s3://x",
    "s3://key:secret@media",
    "s3://media/a//b",
    "s3://media/../b",
    "s3://media?colour=red",
    "s3://media?region=a b",
    "s3://media?endpoint=ftp://x",
    "s3://media?endpoint=https://",
    "s3://media?endpoint=http://[",
    "s3://media?endpoint=http:// x",
    "s3://media?endpoint=http://x:99999",
    "s3://media?endpoint=http://user:pass@x",
]


@pytest.mark.parametrize("url", NO_BUCKETS)
def test_a_url_that_names_no_bucket_is_told_by_its_variable(url):
    with pytest.raises(SettingsError, match="CADENZA_STORAGE_URL takes"):
        bucket_of(from_environment({"CADENZA_STORAGE_URL": url}))
