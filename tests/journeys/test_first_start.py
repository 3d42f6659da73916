"""A server that has just been installed, and listens to everybody."""

from __future__ import annotations

import stat

import httpx
import pytest

from cadenza.testing.service import Service

GUESSES = ("", "admin", "password", "cadenza", "changeme", "cad_0123456789abcdef_" + "0" * 56)


class OpenService(Service):
    """``cadenza serve`` on all addresses of the machine."""

    def arguments(self):
        return (*super().arguments(), "--host", "0.0.0.0")  # noqa: S104 - what is tried


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    data = tmp_path_factory.mktemp("fresh") / "data"
    with OpenService(data=data, environment={"CADENZA_ENGINE": "debug"}, workers=0) as service:
        yield service


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize("path", ["/v1/account", "/v1/tasks", "/admin/v1/accounts", "/admin/v1/keys"])
def test_au_12_a_fresh_server_on_all_addresses_lets_no_guessed_key_in(path, guess, fresh):
    headers = {"x-api-key": guess} if guess else {}
    answer = httpx.get(f"{fresh.url}{path}", headers=headers, timeout=30)
    assert answer.status_code in ((403, 404) if path.startswith("/admin") else (401,))


def test_au_12_the_key_of_the_first_start_is_printed_kept_for_its_owner_only_and_opens_no_admin_route(fresh):
    key = fresh.said.partition("Key: ")[2].split()[0]
    headers = {"x-api-key": key}
    assert httpx.get(f"{fresh.url}/v1/account", headers=headers, timeout=30).status_code == 200
    assert httpx.get(f"{fresh.url}/admin/v1/accounts", headers=headers, timeout=30).status_code in (403, 404)
    assert stat.S_IMODE((fresh.data / "first-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((fresh.data / "pepper").stat().st_mode) == 0o600
    assert key not in fresh.told
