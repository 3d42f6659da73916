from ipaddress import ip_address

import pytest

from cadenza.domain.errors import Malformed
from cadenza.outbound.allow import AllowList


@pytest.mark.parametrize(
    ("setting", "address", "host", "may"),
    [
        ("", "8.8.8.8", "a.example", True),
        ("", "10.0.0.1", "a.example", False),
        ("127.0.0.2/32", "127.0.0.2", "127.0.0.2", True),
        ("127.0.0.2/32", "127.0.0.1", "127.0.0.1", False),
        ("127.0.0.2/32", "127.0.0.3", "127.0.0.3", False),
        ("127.0.0.2/32", "::1", "::1", False),
        ("127.0.0.2", "127.0.0.2", "any.test", True),
        ("192.168.0.0/16", "192.168.7.7", "nas.lan", True),
        ("192.168.0.0/16", "192.169.0.1", "nas.lan", True),
        ("192.168.0.0/16", "10.0.0.1", "nas.lan", False),
        ("fd12::/16", "fd12::1", "nas.lan", True),
        ("fd12::/16", "fd13::1", "nas.lan", False),
        ("::1", "::1", "localhost", True),
        ("printer.lan", "192.168.1.9", "printer.lan", True),
        ("Printer.LAN.", "192.168.1.9", "printer.lan", True),
        ("printer.lan", "192.168.1.9", "scanner.lan", False),
        ("printer.lan", "192.168.1.9", "a.printer.lan", False),
        ("printer.lan", "169.254.169.254", "printer.lan", False),
        ("printer.lan", "169.254.1.1", "printer.lan", False),
        ("169.254.0.0/16", "169.254.169.254", "x.test", True),
        ("0.0.0.0/0, ::/0", "0.0.0.0", "x.test", False),  # noqa: S104 - judged, not bound
        ("0.0.0.0/0, ::/0", "224.0.0.1", "224.0.0.1", False),
        ("0.0.0.0/0, ::/0", "255.255.255.255", "x.test", False),
        ("0.0.0.0/0, ::/0", "::", "::", False),
        ("0.0.0.0/0, ::/0", "::ffff:10.0.0.1", "x.test", False),
        ("0.0.0.0/0, ::/0", "64:ff9b::8.8.8.8", "x.test", False),
        ("0.0.0.0/0, ::/0", "10.0.0.1", "x.test", True),
        ("0.0.0.0/0, ::/0", "fd00::1", "x.test", True),
        (" , printer.lan ,, 10.0.0.0/8 ", "10.1.2.3", "x.test", True),
    ],
)
def test_ss_18_the_allow_list_opens_what_it_names_and_nothing_beside_it(setting, address, host, may):
    assert AllowList.parse(setting).permits(ip_address(address), host=host) is may


@pytest.mark.parametrize(
    "entry", ["10.0.0.1/8", "10.0.0.0/33", "http://h/", "a b", "127.1", "h:80", "*.lan", "[::1]", "300.1.1.1"]
)
def test_ss_18_an_entry_that_is_neither_network_nor_name_stops_the_start(entry):
    with pytest.raises(Malformed, match=r"CADENZA_OUTBOUND_ALLOW: entry 2 is neither") as caught:
        AllowList.parse(f"printer.lan, {entry}")
    assert entry not in str(caught.value)


def test_ss_18_the_start_up_line_says_what_is_open(make_door):
    assert make_door("").describe() == (
        "Outbound requests reach public addresses (CADENZA_OUTBOUND_ALLOW is empty)."
    )
    assert make_door("printer.lan, 10.0.0.0/8", own_url="http://127.0.0.1:8765").describe() == (
        "Outbound requests reach public addresses, and also 10.0.0.0/8, printer.lan"
        " (CADENZA_OUTBOUND_ALLOW); sources may also be on http://127.0.0.1:8765."
    )
