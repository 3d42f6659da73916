"""The API descriptions are valid and say what the server accepts and answers."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from cadenza.dialects.openapi import admin_document, document
from cadenza.dialects.samples import REQUESTS
from cadenza.domain.task import Dialect

dialects = pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)


@dialects
def test_the_description_of_a_dialect_is_valid_openapi_3_1(dialect):
    OpenAPIV31SpecValidator(document(dialect, public_url="https://music.example.com/")).validate()


def test_the_description_for_operators_is_valid_and_its_examples_fit_their_schemas():
    described = admin_document(public_url="https://music.example.com/")
    OpenAPIV31SpecValidator(described).validate()
    assert all(path.startswith("/admin/v1/") for path in described["paths"])
    for content in _contents(described):
        validator = Draft202012Validator(content["schema"])
        for name, example in content.get("examples", {}).items():
            assert not list(validator.iter_errors(example["value"])), name


@dialects
def test_the_description_of_a_dialect_is_plain_json_and_the_same_each_time(dialect):
    once, again = (json.dumps(document(dialect, public_url="http://localhost:8765")) for _ in range(2))
    assert once == again


@dialects
def test_every_example_fits_the_schema_beside_it(dialect):
    for content in _contents(document(dialect, public_url="https://music.example.com")):
        validator = Draft202012Validator(content["schema"])
        for name, example in content.get("examples", {}).items():
            assert not list(validator.iter_errors(example["value"])), name


@dialects
def test_a_key_is_accepted_as_bearer_token_and_as_x_api_key(dialect):
    described = document(dialect, public_url="https://music.example.com")
    assert described["security"] == [{"bearer": []}, {"apiKey": []}]
    assert described["components"]["securitySchemes"]["apiKey"]["name"] == "x-api-key"


@pytest.mark.parametrize(
    ("dialect", "paths"),
    [
        (
            Dialect.CRUN,
            (
                "POST /api/v1/client/job/CreateTask, GET /api/v1/client/job/TaskInfo, "
                "POST /api/v1/client/job/estimate-credits, GET /api/v1/client/account/balance"
            ),
        ),
        (
            Dialect.SUNOAPI,
            (
                "POST /api/v1/generate, POST /api/v1/generate/extend, POST /api/v1/generate/upload-extend, "
                "POST /api/v1/generate/add-vocals, POST /api/v1/generate/add-instrumental, "
                "GET /api/v1/generate/record-info, GET /api/v1/generate/credit, GET /api/v1/chat/credit, "
                "POST /api/v1/generate/get-timestamped-lyrics, "
                "POST /api/v1/lyrics, GET /api/v1/lyrics/record-info, "
                "POST /api/file-base64-upload, POST /api/file-url-upload, POST /api/file-stream-upload"
            ),
        ),
        (
            Dialect.APIIN,
            (
                "POST /api/v1/audio/music, POST /api/v1/audio/music/extend, GET /api/v1/audio/music/feed, "
                "GET /api/v1/tasks/{task_id}"
            ),
        ),
        (
            Dialect.NATIVE,
            (
                "POST /v1/lyrics, "
                "POST /v1/tasks, GET /v1/tasks, GET /v1/tasks/{task_id}, POST /v1/tasks/{task_id}/cancel, "
                "GET /v1/tasks/{task_id}/takes/{index}/lyrics, "
                "GET /v1/tasks/{task_id}/takes/{index}/lyrics.lrc, "
                "GET /v1/tasks/{task_id}/events, GET /v1/tasks/{task_id}/callbacks, "
                "POST /v1/callbacks/{callback_id}/redeliver, POST /v1/callbacks/test, "
                "POST /v1/account/webhook-secret/rotate, "
                "GET /v1/uploads/{upload_id}, GET /v1/uploads/{upload_id}/portrait, "
                "POST /v1/estimate, POST /v1/uploads, GET /v1/account, "
                "DELETE /v1/tasks/{task_id}, POST /v1/tasks/{task_id}/pin, DELETE /v1/uploads/{upload_id}"
            ),
        ),
    ],
)
def test_every_route_of_a_dialect_is_described(dialect, paths):
    described = document(dialect, public_url="https://music.example.com")["paths"]
    found = {f"{method.upper()} {path}" for path, item in described.items() for method in item}
    assert found == set(paths.split(", "))


def test_creating_routes_describe_their_callbacks():
    for dialect in Dialect:
        described = document(dialect, public_url="https://music.example.com")["paths"]
        posts = [item["post"] for item in described.values() if "callbacks" in item.get("post", {})]
        assert posts, dialect
        for post in posts:
            assert "Idempotency-Key" in [parameter["name"] for parameter in post["parameters"]]


def _contents(node):
    """Yield every media type object of a description."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "content":
                yield from value.values()
            elif name != "examples":
                yield from _contents(value)
    elif isinstance(node, list):
        for value in node:
            yield from _contents(value)


@pytest.mark.parametrize(
    ("dialect", "example", "quoted"),
    [
        (Dialect.CRUN, "extend custom", "crun/request_seed-000_curl"),
        (Dialect.SUNOAPI, "upload-extend", "sunoapi/request_seed-002_curl"),
        (Dialect.SUNOAPI, "add-vocals", "sunoapi/request_add-vocals"),
        (Dialect.SUNOAPI, "add-instrumental", "sunoapi/request_add-instrumental"),
        (Dialect.APIIN, "extend inherit", "apiin/request_seed-003_inherit"),
        (Dialect.APIIN, "extend custom", "apiin/request_seed-003_custom"),
    ],
)
def test_the_examples_of_the_description_are_the_documents_own(dialect, example, quoted, fixture):
    assert REQUESTS[dialect][example] == fixture(quoted)
