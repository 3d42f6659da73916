"""A service whose media files lie in a bucket, as its callers see it, also while the store is away."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import tarfile

import httpx
import obstore
import pytest

from cadenza.publish.bucket import bucket_of
from cadenza.publish.objects import ObjectStore
from cadenza.settings import from_environment
from cadenza.testing.clock import FrozenClock
from cadenza.testing.relay import Fault, Harm, Relay
from cadenza.testing.service import Service, eventually
from cadenza.wiring import archive
from cadenza.wiring.backroom import backroom, sweeper
from cadenza.wiring.desk import open_desk

FAST = {"CADENZA_ENGINE": "debug", "CADENZA_LOG_LEVEL": "info"}
AWAY = Fault(harm=Harm.RESET)
PRICE_OF_ONE_TAKE = 6


class Shop:
    """The service, a caller of it, and the way to its bucket."""

    def __init__(self, service, relay, bucket):
        self.service, self.relay, self.bucket = service, relay, bucket
        self.settings = from_environment({**service.environment, "CADENZA_DATA": str(service.data)})
        with open_desk(self.settings) as desk:
            key = desk.create_key("caller", credits=10_000).key
        self.http = httpx.Client(base_url=service.url, headers={"x-api-key": key}, timeout=30)

    def create(self, **body):
        answer = self.http.post("/v1/tasks", json={"takes": 1, **body})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def finished(self, task_id):
        def look():
            task = self.http.get(f"/v1/tasks/{task_id}").json()
            return task if task["finished_at"] else None

        task = eventually(look)
        assert task["status"] == "complete", task
        return task["takes"][0]

    def upload(self, content):
        return self.http.post("/v1/uploads", files={"file": ("in.wav", content)})

    @property
    def credits(self):
        return self.http.get("/v1/account").json()["credits"]

    @property
    def stored(self):
        return {digest for some in self.bucket.folders() for digest in some}


@pytest.fixture(scope="module")
def relay(bucket_server):
    with Relay(bucket_server.port) as relay:
        yield relay


@pytest.fixture(scope="module")
def shop(bucket_server, relay, tmp_path_factory):
    name = bucket_server.new_bucket()
    environment = {**FAST, **bucket_server.environment(name, port=relay.port)}
    direct = ObjectStore(bucket_of(from_environment(bucket_server.environment(name))))
    with Service(data=tmp_path_factory.mktemp("shop"), environment=environment) as service:
        shop = Shop(service, relay, direct)
        yield shop
        shop.http.close()


@pytest.fixture(autouse=True)
def _all_is_well_again(relay):
    yield
    relay.ease()


@pytest.fixture(scope="module")
def take(shop, song):
    """A continuation of an upload; both lie in the bucket."""
    upload = shop.upload(song).json()
    return shop.finished(shop.create(source={"upload_id": upload["id"]}, continue_at_s=2))


def test_files_lie_in_the_bucket_and_nowhere_else(shop, take, song):
    assert shop.upload(song).status_code == 201  # that of the take may have been deleted by now
    assert hashlib.sha256(song).hexdigest() in shop.stored
    sound = shop.http.get(take["flac_url"])
    assert hashlib.sha256(sound.content).hexdigest() in shop.stored
    assert sound.headers["content-type"] == "audio/flac"
    assert int(sound.headers["content-length"]) == len(sound.content)
    assert not list((shop.service.data / "media").glob("??/*"))


def test_ST_06_parts_are_exact(shop, take):
    url = take["audio_url"]
    whole = shop.http.get(url)
    tag, size = whole.headers["etag"], len(whole.content)
    asked = {"bytes=0-": (0, size), "bytes=100-299": (100, 300), "bytes=-50": (size - 50, size)}
    for text, (start, stop) in asked.items():
        part = shop.http.get(url, headers={"Range": text, "If-Range": tag})
        assert (part.status_code, part.content) == (206, whole.content[start:stop])
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
    assert shop.http.get(url, headers={"Range": f"bytes={size}-"}).status_code == 416
    other = shop.http.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)
    head = shop.http.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))


def test_a_store_that_is_away_is_told_and_nothing_is_charged_or_lost(shop, take, song):
    before = shop.credits
    shop.relay.suffer(AWAY)
    answers = [
        shop.http.get(take["audio_url"]),
        shop.http.head(take["audio_url"]),
        shop.upload(song + b"\0\0"),
    ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    task_id = shop.create(source={"take_id": take["id"]}, continue_at_s=1)
    eventually(lambda: "work_waits" in shop.service.told)
    assert shop.http.get(f"/v1/tasks/{task_id}").json()["finished_at"] is None
    shop.relay.ease()
    assert shop.finished(task_id)["status"] == "ready"
    assert shop.http.get(take["audio_url"]).status_code == 200
    assert shop.credits == before - PRICE_OF_ONE_TAKE


def test_an_answer_that_breaks_off_in_the_store_reaches_the_listener_whole(shop, take):
    whole = shop.http.get(take["flac_url"]).content
    shop.relay.suffer(Fault(harm=Harm.RESET, after_bytes=len(whole) // 2), times=1)
    assert shop.http.get(take["flac_url"]).content == whole


@contextlib.contextmanager
def spoilt(shop, content):
    """Change the last byte of a file where it lies, for a while."""
    digest = hashlib.sha256(content).hexdigest()
    key = f"{digest[:2]}/{digest}"
    obstore.put(shop.bucket._store, key, content[:-1] + bytes([content[-1] ^ 1]))
    yield
    obstore.put(shop.bucket._store, key, content)


def test_a_damaged_file_is_never_served_whole_nor_continued(shop, song):
    content = song[:-6]
    upload = shop.upload(content).json()
    before = shop.credits
    with spoilt(shop, content):
        with pytest.raises(httpx.RemoteProtocolError):  # it ends before the length that was told
            shop.http.get(upload["url"])
        task_id = shop.create(source={"upload_id": upload["id"]}, continue_at_s=1)
        eventually(lambda: shop.http.get(f"/v1/tasks/{task_id}").json()["status"] == "failed")
    assert "damaged in the storage" in shop.http.get(f"/v1/tasks/{task_id}").json()["error"]["reason"]
    assert shop.credits == before


def test_a_damaged_file_in_one_piece_is_not_served_at_all(shop, take):
    with spoilt(shop, shop.http.get(take["image_url"]).content):
        assert shop.http.get(take["image_url"]).status_code == 500
    assert shop.http.get(take["image_url"]).status_code == 200


def test_ST_05_a_deleted_file_is_410_and_one_that_is_gone_too(shop, song):
    upload = shop.upload(song[:-2]).json()
    digest = hashlib.sha256(song[:-2]).hexdigest()
    assert shop.http.get(upload["url"]).status_code == 200
    assert shop.http.delete(f"/v1/uploads/{upload['id']}").status_code == 200
    assert shop.http.get(upload["url"]).status_code == 410
    assert digest in shop.stored  # it came just now: somebody may be about to refer to it
    lost = shop.upload(song[:-4]).json()
    digest = hashlib.sha256(song[:-4]).hexdigest()
    obstore.delete(shop.bucket._store, f"{digest[:2]}/{digest}")
    assert shop.http.get(lost["url"]).status_code == 410


def test_a_sweep_removes_from_the_bucket_what_nobody_refers_to(shop, take, song):
    upload = shop.upload(song[:-8]).json()
    digest = hashlib.sha256(song[:-8]).hexdigest()
    shop.http.delete(f"/v1/uploads/{upload['id']}")
    assert digest in shop.stored
    room = backroom(shop.settings)
    later = FrozenClock(room.clock.now() + dt.timedelta(minutes=20))  # when it is new no longer
    swept = dataclasses.replace(sweeper(room), clock=later).sweep()
    room.close()
    assert swept.deleted >= 1
    assert digest not in shop.stored
    assert shop.http.get(take["audio_url"]).status_code == 200


def test_a_backup_takes_the_files_from_the_bucket_and_counts_the_damaged(shop, take, tmp_path):
    sound, cover = (shop.http.get(take[name]).content for name in ("audio_url", "image_url"))
    with spoilt(shop, cover):
        done = archive.backup(shop.settings, tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as tar:
        kept = {name.rpartition("/")[2] for name in tar.getnames() if name.startswith("media/")}
    assert (len(kept), done.damaged) == (done.files, 1)
    assert hashlib.sha256(sound).hexdigest() in kept
    assert hashlib.sha256(cover).hexdigest() not in kept
