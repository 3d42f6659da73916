"""Nobody behind a forbidden address may see a connection, whichever way a URL leads there."""

import contextlib
import socket

import pytest

from cadenza.domain.errors import Malformed, SourceUnusable
from cadenza.outbound.answers import Answer, Failed, Reason
from cadenza.testing.network import Canary, Receiver, reply

# "{port}" is the canaries' port on 127.0.0.1 and ::1.
LOOPBACK_SPELLINGS = [
    "http://127.0.0.1:{port}/", "http://127.0.0.1.:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://0X7F.0.0.1:{port}/", "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/", "http://127.1:{port}/", "http://127.0.1:{port}/", "http://0:{port}/",
    "http://0.0.0.0:{port}/", "http://127.000.000.001:{port}/", "http://127。0。0。1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/", "http://１２７．０．０．１:{port}/",  # noqa: RUF001
    "http://127.0.0.1%2e:{port}/", "http://%31%32%37.0.0.1:{port}/", "HTTP://LOCALHOST:{port}/",
    "http://localhost:{port}/", "http://localhost.:{port}/", "http://localhost.localdomain:{port}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/", "http://good.test@127.0.0.1:{port}/", "http://a:b@127.0.0.1:{port}/",
    "http://good.test:80@127.0.0.1:{port}/", "http://good.test\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@good.test/", "http://127.0.0.1:{port}#@good.test/",
    "http://127.0.0.1:{port}?@good.test/", "http://good.test&@127.0.0.1:{port}#@good.test/",
    "http://127.0.0.1\t:{port}/", "http://127.0.0.1:{port}\r\n/", " http://127.0.0.1:{port}/",
    "http://canary.test:{port}/", "http://www.CANARY.test:{port}/", "https://127.0.0.1:{port}/",
    "https://canary.test:{port}/",
]  # fmt: skip
IPV6_FORMS = [
    "http://[::1]:{port}/", "http://[0:0:0:0:0:0:0:1]:{port}/", "http://[0000::0001]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[::FFFF:7F00:0001]:{port}/",
    "http://[::]:{port}/", "http://[::127.0.0.1]:{port}/", "http://[::ffff:0:127.0.0.1]:{port}/",
    "http://[fe80::1%25lo]:{port}/", "http://[::1%25lo]:{port}/", "http://[::1%lo]:{port}/",
    "http://[fe80::1]:{port}/", "http://[fec0::1]:{port}/", "http://[fc00::1]:{port}/",
    "http://ip6-localhost:{port}/", "http://canary6.test:{port}/", "http://mapped.test:{port}/",
    "http://zone.test:{port}/",
]  # fmt: skip
EMBEDDED = [
    "http://[64:ff9b::7f00:1]:{port}/", "http://[64:ff9b::808:808]:{port}/", "http://nat64.test:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/", "http://[2002:7f00:1::]:{port}/", "http://[2002:808:808::1]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/", "http://[2606:4700::5efe:127.0.0.1]:{port}/",
    "http://[2606:4700::200:5efe:8.8.8.8]:{port}/",
]  # fmt: skip
METADATA = [
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/", "http://metadata.google.internal/computeMetadata/v1/",
    "http://168.63.129.16/machine", "http://0xa9fea9fe/", "http://2852039166/", "http://169.254.43518/",
    "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/",
]  # fmt: skip
MIXED = ["http://mixed4.test:{port}/", "http://mixed6.test:{port}/"]
OTHER_SCHEMES = [
    "file:///etc/passwd", "ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_x", "data:audio/wav,x",
    "unix:///run/x.sock", "jar:http://127.0.0.1:{port}!/x", "blob:http://127.0.0.1:{port}/1",
    "127.0.0.1:{port}/x", "http:///x", "dict://127.0.0.1:{port}/",
]  # fmt: skip
PORTS = ["http://good.test:22/", "http://good.test:25/", "http://good.test:6379/", "http://good.test:5432/"]


def each(urls):
    """One case for each URL, with an id that any terminal can show."""
    return pytest.mark.parametrize(
        "url", [pytest.param(url, id=url.encode("ascii", "backslashreplace").decode()) for url in urls]
    )


@pytest.fixture
def try_both(door, canaries, tmp_path, tried):
    """Try a URL as a source and as a callback; neither may reach anybody."""

    def try_both(url):
        told = url.format(port=canaries.port)
        with pytest.raises(SourceUnusable):
            door.fetch_to_file(told, tmp_path / "x", max_bytes=100, deadline_s=2)
        answer = door.post(told, b"{}", {}, deadline_s=2)
        assert answer in {Failed(Reason.UNREACHABLE), Failed(Reason.URL_REFUSED)}
        assert canaries.connections == 0
        assert not list(tmp_path.iterdir())
        tried(2)

    return try_both


@each(LOOPBACK_SPELLINGS)
def test_ss_01_no_spelling_of_loopback_reaches_a_canary(url, try_both):
    try_both(url)


@each(IPV6_FORMS)
def test_ss_02_no_ipv6_form_of_a_private_address_reaches_a_canary(url, try_both):
    try_both(url)


@each(EMBEDDED)
def test_ss_03_no_ipv4_address_inside_an_ipv6_one_is_reached(url, try_both):
    try_both(url)


@each(METADATA)
def test_ss_05_no_metadata_service_is_reached(url, try_both):
    try_both(url)


@each(MIXED)
def test_ss_07_a_name_with_a_public_and_a_private_address_is_not_reached(url, try_both):
    try_both(url)


@each(OTHER_SCHEMES)
def test_ss_09_no_scheme_but_http_and_https_reaches_anything(url, try_both):
    try_both(url)


@each(PORTS)
def test_ss_10_no_port_of_another_service_is_reached(url, try_both):
    try_both(url)


@each([*LOOPBACK_SPELLINGS, *IPV6_FORMS, *EMBEDDED, *METADATA, *MIXED, *OTHER_SCHEMES, *PORTS])
def test_ss_08_no_redirect_reaches_a_canary(url, door, canaries, tmp_path):
    location = url.format(port=canaries.port).encode().decode("latin-1").replace("\r\n", "")
    with (  # the bytes of the header are UTF-8
        Receiver(reply(302, headers={"Location": location})) as receiver,
        pytest.raises(SourceUnusable),
    ):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=100, deadline_s=2)
    assert canaries.connections == 0
    assert receiver.connections >= 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_ss_08_every_kind_of_redirect_is_followed_for_a_source_and_judged(status, door, canaries, tmp_path):
    with Receiver(reply(status, headers={"Location": "/b.mp3"}), reply(200, b"music")) as receiver:
        fetched = door.fetch_to_file(receiver.url("/a"), tmp_path / "x", max_bytes=100, deadline_s=2)
    assert (fetched.final_name, fetched.size_bytes) == ("b.mp3", 5)
    canary = f"http://127.0.0.1:{canaries.port}/"
    with Receiver(reply(status, headers={"Location": canary})) as receiver, pytest.raises(SourceUnusable):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=100, deadline_s=2)
    assert canaries.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_ss_08_a_callback_follows_no_redirect(status, door):
    with Receiver(reply(status, headers={"Location": "/other"})) as receiver:
        assert door.post(receiver.url(), b"{}", {}, deadline_s=2) == Answer(status=status)
    assert receiver.connections == 1


def chain_of(hops):
    return Receiver(
        *(reply(302, headers={"Location": f"/{hop}"}) for hop in range(hops)), reply(200, b"music")
    )


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_ss_08_three_redirects_arrive(hops, door, tmp_path):
    with chain_of(hops) as receiver:
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=100, deadline_s=2)
    assert receiver.connections == hops + 1


@pytest.mark.parametrize("hops", [4, 20])
def test_ss_08_the_fourth_redirect_is_one_too_many(hops, door, tmp_path):
    with chain_of(hops) as receiver, pytest.raises(SourceUnusable, match=Reason.REDIRECT.text):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=100, deadline_s=2)
    assert receiver.connections == 4


def test_ss_08_a_meta_refresh_is_only_a_file(door, canaries, tmp_path):
    page = f'<meta http-equiv="refresh" content="0;url=http://127.0.0.1:{canaries.port}/">'.encode()
    with Receiver(reply(200, page, {"Refresh": f"0; url=http://127.0.0.1:{canaries.port}/"})) as receiver:
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=1000, deadline_s=2)
    assert (tmp_path / "x").read_bytes() == page
    assert canaries.connections == 0


def test_ss_08_a_redirect_without_a_place_is_a_failure(door, tmp_path):
    with Receiver(reply(302)) as receiver, pytest.raises(SourceUnusable):
        door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=100, deadline_s=2)
    assert receiver.connections == 1


def test_ss_06_a_name_that_changes_its_answer_is_judged_at_each_connection(make_door, canaries, tmp_path):
    door = make_door(names={"rebinding.test": [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2"]]})
    with Receiver(reply(302, headers={"Location": "/again"}), reply(200, b"music")) as receiver:
        url = receiver.url(host="rebinding.test")
        with pytest.raises(SourceUnusable):  # the redirect is a second connection: 127.0.0.1
            door.fetch_to_file(url, tmp_path / "x", max_bytes=100, deadline_s=2)
        assert door.fetch_to_file(url, tmp_path / "x", max_bytes=100, deadline_s=2).size_bytes == 5
    assert canaries.connections == 0


def test_ss_06_a_name_is_asked_once_for_each_connection(make_door, canaries):
    names = {"rebinding.test": [["127.0.0.2"], ["127.0.0.1"]]}
    door = make_door(names=names)
    with Receiver() as receiver:
        url = receiver.url(host="rebinding.test")
        assert door.post(url, b"{}", {}, deadline_s=2) == Answer(status=200)
        assert door.post(url, b"{}", {}, deadline_s=2) == Failed(Reason.UNREACHABLE)  # the retry, rebound
        assert receiver.connections == 1
    assert canaries.connections == 0


@pytest.mark.parametrize(
    "answers", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["::1", "127.0.0.2"]]
)
def test_ss_07_one_bad_address_spoils_the_whole_set(answers, make_door, canaries):
    door = make_door(names={"mixed.test": [answers]})
    with Receiver() as receiver:
        url = receiver.url(host="mixed.test")
        assert door.post(url, b"{}", {}, deadline_s=2) == Failed(Reason.UNREACHABLE)
        assert receiver.connections == 0
    assert canaries.connections == 0


def test_the_next_address_is_tried_where_one_is_closed(make_door):
    door = make_door("127.0.0.2/31", names={"two.test": [["127.0.0.3", "127.0.0.2"]]})
    with Receiver() as receiver:
        assert door.post(receiver.url(host="two.test"), b"{}", {}, deadline_s=2) == Answer(status=200)


def test_ss_18_an_allowed_network_works_and_its_neighbour_stays_closed(door, canaries, tmp_path):
    with Receiver(reply(200, b"music")) as receiver:
        assert (
            door.fetch_to_file(receiver.url("/s.wav"), tmp_path / "x", max_bytes=5, deadline_s=2).size_bytes
            == 5
        )
    with pytest.raises(SourceUnusable):
        door.fetch_to_file(f"http://127.0.0.1:{canaries.port}/", tmp_path / "y", max_bytes=5, deadline_s=2)
    assert canaries.connections == 0


def test_ss_18_an_allowed_name_works_under_that_name_only(make_door, tmp_path):
    door = make_door("good.test")
    with Receiver(reply(200, b"music")) as receiver:
        door.fetch_to_file(receiver.url(host="good.test"), tmp_path / "x", max_bytes=5, deadline_s=2)
        with pytest.raises(SourceUnusable):
            door.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=5, deadline_s=2)
        assert receiver.connections == 1


def test_ss_10_our_own_url_is_a_source_but_no_callback(make_door, canaries, tmp_path):
    with Receiver(reply(200, b"music"), host="127.0.0.1") as ours:
        door = make_door("", own_url=f"http://127.0.0.1:{ours.port}/")
        for url in (ours.url("/files/a.mp3"), ours.url("/files/a.mp3", host="localhost")):
            assert door.check_source(url).port == ours.port
            assert door.fetch_to_file(url, tmp_path / "x", max_bytes=5, deadline_s=2).final_name == "a.mp3"
        assert door.post(ours.url(), b"{}", {}, deadline_s=2) == Failed(Reason.UNREACHABLE)
        with pytest.raises(SourceUnusable):
            door.fetch_to_file(
                f"http://127.0.0.1:{canaries.port}/", tmp_path / "y", max_bytes=5, deadline_s=2
            )
        assert ours.connections == 2
    assert canaries.connections == 0


def test_ss_10_our_own_port_is_refused_where_it_is_not_our_own_url(make_door):
    with Receiver(host="127.0.0.1") as ours:
        door = make_door("", own_url=f"https://music.example:{ours.port}")
        assert door.post(ours.url(), b"{}", {}, deadline_s=2) == Failed(Reason.UNREACHABLE)
        with pytest.raises(Malformed):
            door.check_source(ours.url())
        assert ours.connections == 0


def test_ss_04_a_source_at_a_private_address_is_refused_before_the_task_exists(door):
    with pytest.raises(Malformed, match=r"input\.audio_url: names an address that is not public"):
        door.check_source("http://10.0.0.1/a.mp3", field="input.audio_url")
    assert str(door.check_source("http://127.0.0.2:8080/a.mp3?x=1")) == "http://127.0.0.2:8080/a.mp3?x=1"


def test_ss_16_a_dead_or_private_callback_host_hurts_no_task(door):
    for url in ("https://localhost/cb", "http://10.0.0.1/cb", "https://your-domain.com/api/callback?k=v"):
        assert str(door.check_callback(url)) == url
    with pytest.raises(Malformed, match=r"^callBackUrl: "):
        door.check_callback("ftp://h/", field="callBackUrl")


def test_ss_09_an_odd_url_asks_no_resolver(make_door, tmp_path):
    def resolver(host, port):
        raise AssertionError("asked")

    door = make_door(resolver=resolver)
    for url in OTHER_SCHEMES:
        with pytest.raises(SourceUnusable):
            door.fetch_to_file(url.format(port=8080), tmp_path / "x", max_bytes=5, deadline_s=2)
        assert door.post(url.format(port=8080), b"", {}) == Failed(Reason.URL_REFUSED)


def test_a_canary_would_notice(canaries_of_its_own):
    socket.create_connection(("127.0.0.1", canaries_of_its_own.port)).close()
    assert canaries_of_its_own.connections == 1


@pytest.fixture
def canaries_of_its_own():
    with contextlib.closing(Canary()) as canary:
        yield canary
