import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadenza.domain.errors import Malformed
from cadenza.outbound.url import DENIED_PORTS, LONGEST_URL, judge_url, own_origins, resolve_redirect

ODD_SPELLINGS = [
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/",
    "http://127.0.1/", "http://0/", "http://017700000001/", "http://127.0.0.1.1/", "http://127.0.0.256/",
    "http://127.000.000.001/", "http://1.1.1.0x7f/", "http://127.0.0.1\uff0e1/", "http://①②⑦.①/",
    "http://0xffffffff7f000001/", "http://127.0.0.0x1./",
]  # fmt: skip

PLAIN = {
    "http://EXAMPLE.com": "http://example.com/",
    "HTTPS://Example.COM:443/a?b=c#d": "https://example.com/a?b=c",
    "http://example.com.:80/": "http://example.com/",
    "  http://example.com/  ": "http://example.com/",
    "http://127.0.0.1./": "http://127.0.0.1/",
    "http://127。0。0。1/": "http://127.0.0.1/",
    "http://①②⑦.⓪.⓪.①/": "http://127.0.0.1/",
    "http://１２７.0.0.1/": "http://127.0.0.1/",  # noqa: RUF001 - the odd digits are the point
    "http://ｌocalhost/": "http://localhost/",  # noqa: RUF001 - the odd letter is the point
    "http://[::FFFF:7f00:1]:8080/": "http://[::ffff:7f00:1]:8080/",
    "http://[0:0:0:0:0:0:0:1]/": "http://[::1]/",
    "http://bücher.example/ä b.mp3": "http://xn--bcher-kva.example/%C3%A4%20b.mp3",
    "https://h.example/a%20b.mp3?sig=a%2Bb&x=[1]": "https://h.example/a%20b.mp3?sig=a%2Bb&x=[1]",
    "http://h.example:8080?x=1": "http://h.example:8080/?x=1",
    "http://h.example:/x": "http://h.example/x",
    "http://h.example/#@127.0.0.1/": "http://h.example/",
    "http://my_host.example/": "http://my_host.example/",
}

WRONG_SCHEMES = [
    "file:///etc/passwd", "ftp://h/x", "gopher://h:70/_x", "data:audio/wav;base64,AAAA", "unix:/run/x.sock",
    "jar:http://h!/x", "blob:http://h/1", "javascript://h/%0a", "//h/x", "h/x", "h.example", "http:/h/x",
    "http:h", "http:///x", "http://", "https://:80/", "http://?x", "http+unix://%2frun%2fx/", "",
    "ws://h/", "dict://h:11211/", "ldap://h/", "http//h/", ":", "http", "http://.", "http://./x",
]  # fmt: skip

TRICKS = [
    "http://user@h/", "http://user:secret@h/", "http://h@127.0.0.1/", "http://127.0.0.1#@h.example@x/\\",
    "http://h\\@127.0.0.1/", "http://h.example\\.evil/", "http:\\\\h/", "http://h/\r\nX: 1", "http://h\r\n/",
    "http://h/\x00", "http://h\t.example/", "\nhttp://h/", "http://h/\u2028", "http://h\u200b/",
    "http://h%2eexample/", "http://%31%32%37.0.0.1/", "http://h example/", "http://[::1%25lo]/",
    "http://[::1%lo]/", "http://[127.0.0.1]/", "http://[::1", "http://::1/", "http://[::1]x/",
    "http://[v1.x]/", "http://h:80:80/", "http://h:+80/", "http://h:8o/", "http://h:８０/",  # noqa: RUF001
    "http://-h.example/", "http://h..example/", "http://" + "a" * 64 + ".example/", "http://h/\ud800",
    "http://h!.example/", "http://h,g/", "http://*.example/", "http://h\u2024example@/", "http://\u00ad/",
    "http://h\x7f/", "http://h\x85/",
]  # fmt: skip


def refusal_of(url, **more):
    with pytest.raises(Malformed) as caught:
        judge_url(url, **more)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize("url", ODD_SPELLINGS)
def test_ss_01_an_unusual_spelling_of_an_address_is_refused_and_not_repeated(url):
    fault = refusal_of(url, field="uploadUrl")
    assert fault.field == "uploadUrl"
    assert url.removeprefix("http://").rstrip("/") not in str(fault)


@pytest.mark.parametrize(("url", "plain"), PLAIN.items())
def test_ss_01_a_spelling_with_one_meaning_becomes_the_plain_one(url, plain):
    assert str(judge_url(url)) == plain


@pytest.mark.parametrize("url", WRONG_SCHEMES)
def test_ss_09_only_absolute_http_and_https_urls_pass(url):
    refusal_of(url)


@pytest.mark.parametrize("url", TRICKS)
def test_ss_12_host_and_header_tricks_are_refused(url):
    refusal_of(url)


@pytest.mark.parametrize("port", [22, 25, 6379, 5432, 0, 1, 81, 443 + 1, 1023, 65536, 99999, *DENIED_PORTS])
def test_ss_10_a_port_of_another_service_is_refused(port):
    refusal_of(f"http://h.example:{port}/")


@pytest.mark.parametrize("port", [80, 443, 1024, 3000, 8000, 8080, 8443, 8765, 65535])
def test_ss_10_web_ports_pass(port):
    assert judge_url(f"http://h.example:{port}/").port == port


def test_ss_10_the_denied_ports_can_be_chosen():
    refusal_of("http://h.example:8080/", denied_ports=frozenset({8080}))
    assert judge_url("http://h.example:5432/", denied_ports=frozenset()).port == 5432


def test_ss_10_our_own_url_may_have_any_port_and_nobody_elses():
    own = own_origins("http://127.0.0.1:81")
    assert judge_url("http://localhost:81/x", own=own).port == 81
    refusal_of("http://127.0.0.2:81/x", own=own)
    refusal_of("https://127.0.0.1:81/x", own=own)


def test_ss_12_a_url_over_the_limit_tells_limit_and_length():
    fault = refusal_of("http://h.example/" + "a" * LONGEST_URL)
    assert (fault.limit, fault.actual) == (LONGEST_URL, LONGEST_URL + 17)


@given(st.text(max_size=60))
def test_ss_12_any_text_is_judged_or_refused_and_what_passes_is_clean(text):
    for url in (text, f"http://{text}", f"http://h.example/{text}", f"http://h.example:{text}/"):
        try:
            target = judge_url(url)
        except Malformed:
            continue
        line = f"{target.authority} {target.path}"
        assert line.isascii()
        assert line.isprintable()
        assert line.count(" ") == 1
        assert judge_url(str(target)) == target


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/b.mp3", "http://h.example/b.mp3"),
        ("b.mp3", "http://h.example/x/b.mp3"),
        ("//g.example/b", "http://g.example/b"),
        ("https://g.example/b", "https://g.example/b"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_ss_08_a_location_is_read_against_the_url_it_came_from(location, told):
    assert resolve_redirect(judge_url("http://h.example/x/a.mp3"), location) == told
