"""BI-01: requests made from our own API documents, right ones and wrong ones, to every route of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

from cadenza.dialects.openapi import admin_document, document
from cadenza.domain.credits import EntryKind
from cadenza.domain.scopes import Scope
from cadenza.domain.task import Dialect
from cadenza.intake.keys import make_key
from cadenza.settings import current_settings
from cadenza.tasks.records import Account
from cadenza.wiring.backroom import backroom, pepper
from cadenza.wiring.service import api_app

# Of each route, right and wrong ones each, in the short form: some 400 together.
EXAMPLES = 5
URL = "http://cadenza.test"
DOCUMENTS = {
    **{one.value: document(one, public_url=URL) for one in Dialect},
    "admin": admin_document(public_url=URL),
}
LONGEST_REFUSAL = 4096


@pytest.fixture
def data(tmp_path, sqlite_template, monkeypatch):
    """A data folder with an empty database; no name has an address."""
    (tmp_path / "cadenza.sqlite").write_bytes(sqlite_template.read_bytes())
    for name, value in {"DATA": str(tmp_path), "ENGINE": "debug", "LOG_LEVEL": "error"}.items():
        monkeypatch.setenv(f"CADENZA_{name}", value)

    def nowhere(*_arguments, **_options):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    return tmp_path


@pytest.fixture
def key(data):
    """A key that may do everything."""
    room = backroom(current_settings())
    account = Account(id="acc_test", name="test", webhook_secret="whsec_" + "A" * 32)
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    record, key = make_key(
        pepper(room.settings), account_id=account.id, name="test", now=now, scopes=frozenset(Scope)
    )

    def work(books):
        books.accounts.add(account)
        books.accounts.add_key(record)
        books.ledger.append(account.id, EntryKind.GRANT, 10**6, task_id=None, note="a start")

    room.store.write(work)
    room.close()
    return key


def generated(operation, mode, count, number):
    """Return so many requests of one operation, as a program would send them."""
    made = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case):
        made.append(case.as_transport_kwargs(base_url=URL))

    collect()
    for one in made:
        try:
            yield requests.Request(**one).prepare()
        except (requests.RequestException, UnicodeError):
            continue  # no client could send it


async def sent(client, key, request):
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() not in {"authorization", "x-api-key"}
    }
    body = request.body.encode() if isinstance(request.body, str) else request.body
    try:
        ready = client.build_request(
            request.method, request.url, headers={**headers, "x-api-key": key}, content=body
        )
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return None
    return await client.send(ready)


def assert_answered_well(request, answer):
    about = (request.method, request.url, dict(request.headers), request.body, answer.text)
    assert answer.status_code < 500, about
    assert answer.headers["x-request-id"], about
    told = answer.json() if answer.content and "json" in answer.headers["content-type"] else {}
    code = told.get("code") if isinstance(told, dict) else None
    assert not isinstance(code, int) or code not in range(500, 600), about
    if answer.status_code >= 400 or (isinstance(code, int) and code >= 400):
        assert len(answer.content) <= LONGEST_REFUSAL, about


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_bi_01_whatever_the_documents_make_up_is_answered_below_500_and_refused_shortly(
    key, name, scale, tried
):
    schema = schemathesis.openapi.from_dict(DOCUMENTS[name])
    operations = [found.ok() for found in schema.get_all_operations()]

    async def all_of_them():
        count = 0
        app = api_app()
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL) as client,
        ):
            for number, operation in enumerate(operations):
                for mode in schemathesis.GenerationMode:
                    for request in generated(operation, mode, EXAMPLES * scale, number):
                        answer = await sent(client, key, request)
                        if answer is not None:
                            assert_answered_well(request, answer)
                            count += 1
        return count

    tried(asyncio.run(all_of_them()))
