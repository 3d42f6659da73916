from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadenza.outbound.judge import OpenedBy, parse_address, special_range

SPECIAL = {
    # the ends of each range of the IPv4 registry
    "0.0.0.0": "this network",  # noqa: S104 - judged, not bound
    "0.255.255.255": "this network",
    "10.0.0.0": "private",
    "10.255.255.255": "private",
    "100.64.0.0": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.255.255.255": "loopback",
    "169.254.0.0": "link-local",
    "169.254.255.255": "link-local",
    "172.16.0.0": "private",
    "172.31.255.255": "private",
    "192.0.0.0": "protocol assignments",
    "192.0.0.255": "protocol assignments",
    "192.0.2.1": "documentation",
    "192.31.196.1": "AS112",
    "192.52.193.1": "automatic multicast tunnelling",
    "192.88.99.1": "6to4 relay",
    "192.168.0.0": "private",
    "192.168.255.255": "private",
    "192.175.48.6": "AS112",
    "198.18.0.0": "benchmarking",
    "198.19.255.255": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.254": "reserved",
    "255.255.255.255": "broadcast",
    # IPv6
    "::": "unspecified",
    "::1": "loopback",
    "100::1": "discard",
    "100:0:0:1::1": "dummy prefix",
    "2001:1::1": "protocol assignments",
    "2001:2::1": "protocol assignments",
    "2001:20::1": "protocol assignments",
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff": "protocol assignments",
    "2001:db8::1": "documentation",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff": "documentation",
    "2620:4f:8000::1": "AS112",
    "3fff::1": "documentation",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff": "documentation",
    "5f00::1": "segment routing",
    "fc00::1": "unique local",
    "fdff::1": "unique local",
    "fe80::1": "link-local",
    "febf::1": "link-local",
    "fec0::1": "site-local",
    "feff::1": "site-local",
    "ff02::1": "multicast",
    "4000::1": "not global unicast",
    "1::1": "not global unicast",
}

EMBEDDED = {
    "::ffff:127.0.0.1": "mapped",
    "::ffff:7f00:1": "mapped",
    "::ffff:8.8.8.8": "mapped",
    "::127.0.0.1": "compatible",
    "::8.8.8.8": "compatible",
    "::ffff:0:8.8.8.8": "translated",
    "64:ff9b::127.0.0.1": "NAT64",
    "64:ff9b::a9fe:a9fe": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b:1::7f00:1": "local NAT64",
    "64:ff9b:1:ffff:ffff:ffff:808:808": "local NAT64",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
    "2001::1": "Teredo",
    "2002:7f00:1::1": "6to4",
    "2002:808:808::1": "6to4",
    "2606:4700::5efe:127.0.0.1": "ISATAP",
    "2606:4700::5efe:808:808": "ISATAP",
    "2606:4700::200:5efe:8.8.8.8": "ISATAP",
}

METADATA = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
            "192.0.0.192"]  # fmt: skip

NEIGHBOURS = [
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
    "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
    "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
    "168.63.129.17", "100.100.100.200".replace("100.100", "101.100"),
    "2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700:4700::1111",
    "2620:4f:7fff::1", "2620:4f:8001::1", "3ffe:ffff::1", "3fff:1000::1", "2606:4700::5eff:808:808",
]  # fmt: skip


@pytest.mark.parametrize(("address", "name"), SPECIAL.items())
def test_ss_04_an_address_of_a_special_range_is_no_public_place(address, name):
    assert special_range(ip_address(address)).name == name


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_ss_04_the_neighbours_of_special_ranges_are_public(address):
    assert special_range(ip_address(address)) is None


@pytest.mark.parametrize(("address", "form"), EMBEDDED.items())
def test_ss_03_an_ipv4_address_inside_an_ipv6_one_is_refused_whatever_it_is(address, form):
    special = special_range(ip_address(address))
    assert special.name == f"embedded IPv4 ({form})"
    assert special.opened_by is OpenedBy.NOTHING


@pytest.mark.parametrize("address", METADATA)
def test_ss_05_metadata_services_are_known_and_no_host_name_opens_them(address):
    special = special_range(ip_address(address))
    assert special.name == "metadata service"
    assert special.opened_by is OpenedBy.NETWORK


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
def test_ss_04_whatever_the_standard_library_calls_private_is_special_here(address):
    if address.is_private or address.is_multicast or address.is_reserved:
        assert special_range(address) is not None


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_ss_04_every_ipv4_address_is_either_global_for_the_library_or_special_here(address):
    assert address.is_global or special_range(address) is not None


@pytest.mark.parametrize("text", ["fe80::1%eth0", "127.1", "0177.0.0.1", "2130706433", "", "localhost"])
def test_ss_01_only_an_address_in_full_is_an_address(text):
    assert parse_address(text) is None
