"""Certificates are checked for the name in the URL, whatever address the name led to."""

import shutil
import ssl
import subprocess

import pytest

from cadenza.domain.errors import SourceUnusable
from cadenza.outbound.allow import AllowList
from cadenza.outbound.answers import Answer, Failed, Reason
from cadenza.outbound.client import Outbound
from cadenza.testing.network import FakeResolver, Receiver, reply

NAMES = {name: [["127.0.0.2"]] for name in ("music.test", "other.test", "xn--mnchen-3ya.test")}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for two names and one address, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("the openssl program is not here to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:music.test,DNS:xn--mnchen-3ya.test,IP:127.0.0.2"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=music.test", "-addext", names,
            "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    return folder


@pytest.fixture
def serving(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.fixture
def trusting(certificate):
    context = ssl.create_default_context(cafile=certificate / "cert.pem")
    return Outbound(AllowList.parse("127.0.0.2"), resolver=FakeResolver(NAMES), ssl_context=context)


@pytest.mark.parametrize(
    ("host", "told"),
    [("music.test", "music.test"), ("MUSIC.test.", "music.test"), ("münchen.test", "xn--mnchen-3ya.test")],
)
def test_ss_12_sni_host_header_and_certificate_all_name_the_host_of_the_url(host, told, trusting, serving):
    with Receiver(tls=serving) as receiver:
        assert trusting.post(receiver.url("/cb", host=host), b"{}", {}) == Answer(status=200)
    (request,) = receiver.requests
    assert request.server_name == told
    assert request.headers["host"] == f"{told}:{receiver.port}"


def test_ss_12_a_certificate_for_an_address_is_good_for_it(trusting, serving):
    with Receiver(tls=serving) as receiver:
        assert trusting.post(receiver.url(), b"{}", {}) == Answer(status=200)


def test_ss_12_a_certificate_for_another_name_is_refused(trusting, serving, tmp_path):
    with Receiver(tls=serving) as receiver:
        assert trusting.post(receiver.url(host="other.test"), b"{}", {}) == Failed(Reason.TLS)
        with pytest.raises(SourceUnusable, match=Reason.TLS.text):
            trusting.fetch_to_file(receiver.url(host="other.test"), tmp_path / "x", max_bytes=9)
    assert receiver.requests == []


def test_ss_12_a_certificate_that_nobody_vouches_for_is_refused(make_door, serving):
    door = make_door(names=NAMES)
    with Receiver(tls=serving) as receiver:
        assert door.post(receiver.url(host="music.test"), b"{}", {}) == Failed(Reason.TLS)
    assert receiver.requests == []


def test_ss_12_plain_http_behind_an_https_url_is_refused(trusting):
    with Receiver(reply(400)) as receiver:
        receiver._read = lambda connection: connection.recv(1000)
        url = f"https://music.test:{receiver.port}/"
        assert trusting.post(url, b"{}", {}, deadline_s=5) == Failed(Reason.TLS)


def test_ss_13_a_handshake_that_never_comes_ends_at_the_deadline(trusting):
    def silence(connection, stopped):
        stopped.wait(5)

    with Receiver(silence) as receiver:
        receiver._read = lambda _: None
        url = f"https://music.test:{receiver.port}/"
        assert trusting.post(url, b"{}", {}, deadline_s=0.3) == Failed(Reason.TIMEOUT)


def test_ss_13_a_slow_body_over_tls_ends_at_the_deadline(trusting, serving, tmp_path):
    def silence(connection, stopped):
        connection.sendall(reply(200, b"abc", {"Content-Length": "10"}))
        stopped.wait(5)

    with Receiver(silence, tls=serving) as receiver, pytest.raises(SourceUnusable, match=Reason.TIMEOUT.text):
        trusting.fetch_to_file(receiver.url(), tmp_path / "x", max_bytes=99, deadline_s=0.5)
    assert not list(tmp_path.iterdir())
