"""AU-12: a fresh installation on all interfaces has no default password and nothing open to operators."""

from __future__ import annotations

import re
import stat

import httpx

from cadenza.testing.service import Service

FAST = {"CADENZA_ENGINE": "debug"}
ADMIN = ("/admin/v1/keys", "/admin/v1/accounts", "/admin/v1/accounts/acc_1/grants")
COMMON = ("admin", "password", "cadenza", "changeme", "sk-1234", "test")


class Everywhere(Service):
    """A service that listens on all interfaces."""

    def arguments(self):
        return (*super().arguments(), "--host", "0.0.0.0")  # noqa: S104 - that is what is tried


def first_key(service):
    return service.said.partition("Key: ")[2].split()[0]


def test_au_12_a_fresh_install_on_all_interfaces_has_no_default_key_and_no_open_admin(tmp_path, tried):
    with Everywhere(data=tmp_path / "one", environment=FAST) as service:
        key = first_key(service)
        asked = 0
        with httpx.Client(base_url=service.url) as client:
            for guess in COMMON:
                for headers in ({"x-api-key": guess}, {"Authorization": f"Bearer {guess}"}):
                    assert client.get("/v1/account", headers=headers).status_code == 401
                    asked += 1
            for path in ADMIN:
                for headers in ({}, {"x-api-key": "admin"}, {"x-api-key": key}):
                    assert client.get(path, headers=headers).status_code == 404
                    assert client.post(path, headers=headers, json={}).status_code == 404
                    asked += 2
            account = client.get("/v1/account", headers={"x-api-key": key}).json()
        assert "admin" not in account["scopes"]
        assert key not in service.told
        (only,) = service.command("key", "list", "--json").stdout.splitlines()
        assert only.count('"id"') == 1
    tried(asked)


def test_au_12_what_a_first_start_makes_is_random_and_readable_by_its_owner_only(tmp_path):
    made = []
    for name in ("one", "two"):
        with Service(data=tmp_path / name, environment=FAST, workers=0) as service:
            made.append((first_key(service), (service.data / "pepper").read_bytes()))
        for secret in ("pepper", "first-key"):
            assert stat.S_IMODE((tmp_path / name / secret).stat().st_mode) == 0o600
    (one, pepper_of_one), (two, pepper_of_two) = made
    assert re.fullmatch(r"cad_[0-9a-f]{16}_[0-9a-f]{56}", one)
    assert one != two
    assert pepper_of_one != pepper_of_two
