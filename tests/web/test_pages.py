"""The documents page: whole, offline, without a way for markup to get in, and at one with the documents."""

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import cadenza.web
from cadenza.dialects.openapi import document
from cadenza.domain.task import Dialect, FailureKind, TaskState
from cadenza.web.routes import operations

PAGES = Path(cadenza.web.__file__).parent / "pages"
TEXTS = {path.name: path.read_text() for path in PAGES.iterdir()}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
MOST_BYTES = 60_000
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

dialects = pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)
each_file = pytest.mark.parametrize("name", sorted(TEXTS))
each_script = pytest.mark.parametrize("name", sorted(SCRIPTS))


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes, and the text inside scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.inline, self._within = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, _tag):
        self._within = None

    def handle_data(self, data):
        if self._within in {"script", "style"} and data.strip():
            self.inline.append(data)


def _document(dialect):
    return document(dialect, public_url="https://music.example.com")


def _operations(dialect):
    for path, item in _document(dialect)["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def _contents(operation):
    """Yield every body the page shows: of the request, the responses and the callbacks."""
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for response in operation["responses"].values():
        yield from response["content"].values()
    for paths in operation.get("callbacks", {}).values():
        for item in paths.values():
            yield from item["post"]["requestBody"]["content"].values()


def _examples(operation):
    return [
        example["value"]
        for content in _contents(operation)
        for example in content.get("examples", {}).values()
    ]


# --- offline and whole


def test_every_file_that_the_page_names_is_there():
    named = {value for _, attributes in Tags(TEXTS["docs.html"]).tags for value in _addresses(attributes)}
    pages = {address.removeprefix("pages/") for address in named if address.startswith("pages/")}
    assert pages == {"docs.css", "docs.js", "logo.svg"}
    assert pages <= set(TEXTS)


def _addresses(attributes):
    return [attributes[name] for name in ("src", "href") if attributes.get(name)]


@each_script
def test_every_module_that_a_module_imports_is_there_and_offers_what_is_asked(name):
    for names, module in re.findall(r'import \{([^}]*)\} from "\./([^"]+)";', SCRIPTS[name]):
        offered = set(re.findall(r"export (?:async )?(?:function|const) (\w+)", SCRIPTS[module]))
        assert {one.strip() for one in names.split(",")} <= offered


def test_every_file_is_used():
    used = set(re.findall(r'"(?:pages/|\./)([\w.]+)"', "".join(TEXTS.values())))
    assert set(TEXTS) == used | {"docs.html"}


def test_every_address_in_the_page_is_relative_so_that_a_proxy_may_add_a_path():
    for _, attributes in Tags(TEXTS["docs.html"]).tags:
        for address in _addresses(attributes):
            assert not address.startswith(("/", "http:", "https:", "//"))


@each_file
def test_sc_05_nothing_comes_from_another_host(name):
    hosts = set(re.findall(r"(?:https?:)?//([\w-]+(?:\.[\w-]+)+)", TEXTS[name]))
    assert hosts <= {"www.w3.org"}  # the name of the SVG vocabulary, which nobody fetches


def test_all_files_together_are_small():
    assert sum(path.stat().st_size for path in PAGES.iterdir()) < MOST_BYTES


# --- served by the server


def _get(path):
    """Return the response of the routes that need no account, without a server."""
    app = Starlette(routes=operations.routes(services=None))

    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://cadenza.test") as client:
            return await client.get(path)

    return asyncio.run(ask())


@each_file
def test_every_file_is_served_as_what_it_is_and_loads_only_from_here(name):
    response = _get(f"/pages/{name}")
    assert response.status_code == 200
    assert response.text == TEXTS[name]
    assert response.headers["content-type"].split(";")[0] == KINDS[Path(name).suffix]
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in response.headers["content-security-policy"]


def test_the_page_is_at_docs():
    assert _get("/docs").text == TEXTS["docs.html"]


@pytest.mark.parametrize("name", ["none.js", "..%2Foperations.py", "%2Fetc%2Fpasswd", "."])
def test_no_other_file_is_served(name):
    assert _get(f"/pages/{name}").status_code == 404


# --- the content security policy has nothing to refuse, and no text becomes markup


def test_the_page_has_no_inline_script_style_or_event_handler():
    page = Tags(TEXTS["docs.html"])
    assert page.inline == []
    for _, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert not [
            address for address in _addresses(attributes) if address.startswith(("javascript:", "data:"))
        ]


MARKUP = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "srcdoc")
CODE = ("eval(", "new Function", 'setTimeout("', "javascript:", "importScripts", "import(")
STYLE = (".style.", ".style =", "cssText", "style:")


@each_script
@pytest.mark.parametrize("word", [*MARKUP, *CODE, *STYLE])
def test_no_script_makes_markup_code_or_style_of_text(name, word):
    assert word not in SCRIPTS[name]


def test_the_drawing_of_the_logo_carries_no_script_and_no_style():
    assert not re.search(r"<script|<style|style=|\son\w+=|href", TEXTS["logo.svg"])


@each_script
@pytest.mark.parametrize(
    "place",
    [
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "cookie",
        "pushState",
        "replaceState",
        "caches",
        "window.name",
    ],
)
def test_no_script_keeps_anything_where_a_key_could_be_found(name, place):
    assert place not in SCRIPTS[name]


def test_the_key_travels_in_a_header_and_is_held_by_one_module():
    assert [name for name, text in SCRIPTS.items() if "Bearer ${key}" in text] == ["api.js"]
    assert "export let key" not in SCRIPTS["api.js"]
    assert "$CADENZA_KEY" in SCRIPTS["api.js"]  # the curl line names a variable instead


def test_the_box_of_the_key_is_not_remembered_by_the_browser():
    [box] = [attributes for tag, attributes in Tags(TEXTS["docs.html"]).tags if attributes.get("id") == "key"]
    assert box["type"] == "password"
    assert box["autocomplete"] == "off"
    assert "name" not in box  # a form that is sent by accident carries no key


# --- for every reader


def test_every_input_of_the_page_has_a_label():
    tags = Tags(TEXTS["docs.html"]).tags
    labelled = {attributes["for"] for tag, attributes in tags if tag == "label"}
    assert {attributes["id"] for tag, attributes in tags if tag == "input"} <= labelled


def test_the_parts_that_scripts_look_for_are_in_the_page():
    ids = {attributes["id"] for _, attributes in Tags(TEXTS["docs.html"]).tags if "id" in attributes}
    sought = re.findall(r'(?:part|getElementById)\("([\w-]+)"\)', "".join(SCRIPTS.values()))
    assert set(sought) <= ids


@pytest.mark.parametrize(
    "rule", ["prefers-color-scheme: dark", "prefers-reduced-motion", ":focus-visible", "max-width: 50rem"]
)
def test_the_style_serves_dark_rooms_still_eyes_keyboards_and_phones(rule):
    assert rule in TEXTS["docs.css"]


# --- at one with the documents


def test_the_page_offers_every_dialect_and_no_other():
    table = re.search(r"const DIALECTS = \{(.*?)\};", SCRIPTS["docs.js"]).group(1)
    assert set(re.findall(r"(\w+): \"", table)) == {dialect.value for dialect in Dialect}


@dialects
def test_every_operation_has_what_the_list_of_routes_shows(dialect):
    operations = list(_operations(dialect))
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names) > 0
    for method, path, operation in operations:
        assert method in {"get", "post", "put", "patch", "delete"}
        assert path.startswith("/")
        assert operation["summary"]
        assert re.fullmatch(r"[\w-]+", operation["operationId"])  # it is part of the page's address


@dialects
def test_every_path_parameter_can_be_filled_in(dialect):
    for _, path, operation in _operations(dialect):
        described = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert set(re.findall(r"\{(\w+)\}", path)) == described


@dialects
def test_every_parameter_has_what_the_form_reads(dialect):
    for _, _, operation in _operations(dialect):
        for one in operation.get("parameters", ()):
            assert one["in"] in {"path", "query", "header"}
            assert one["description"]
            assert one["schema"]["type"]


@dialects
def test_every_request_is_json_with_examples_or_a_form(dialect):
    for _, _, operation in _operations(dialect):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            assert media in {"application/json", "multipart/form-data"}
            if media == "application/json":
                assert content["examples"]
                assert all(example["summary"] for example in content["examples"].values())


@dialects
def test_every_request_field_has_a_description_and_uses_only_words_that_the_table_shows(dialect):
    for _, _, operation in _operations(dialect):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            for variant in content["schema"].get("oneOf", [content["schema"]]):
                _check_fields(variant, is_form=media == "multipart/form-data")


def _check_fields(schema, *, is_form):
    for name, inner in schema.get("properties", {}).items():
        assert inner.get("description") or (is_form and inner.get("format") == "binary"), name
        for kind in inner.get("oneOf", [inner]):
            assert set(kind) <= SHOWN_WORDS, name
        _check_fields(inner, is_form=is_form)


SHOWN_WORDS = {
    *("type", "description", "default", "enum", "format", "oneOf", "properties", "required"),
    *("minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "multipleOf"),
    *("items", "uniqueItems"),
    "pattern",  # only of numbers written as text, which the table calls so
}


@dialects
def test_alternatives_of_a_request_are_told_apart_by_a_fixed_value(dialect):
    for _, _, operation in _operations(dialect):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            variants = content["schema"].get("oneOf", [])
            labels = [
                next(
                    one["enum"][0] for one in variant["properties"].values() if len(one.get("enum", ())) == 1
                )
                for variant in variants
            ]
            assert len(set(labels)) == len(variants)


@dialects
def test_the_reply_of_every_creating_route_names_the_task_where_the_page_looks(dialect):
    creating = [operation for _, _, operation in _operations(dialect) if "callbacks" in operation]
    assert creating
    for operation in creating:
        status = min(operation["responses"])
        content = operation["responses"][status]["content"]["application/json"]
        assert _task_id(content["examples"]["created"]["value"])


def _task_id(reply):
    """Return what ``taskIdOf`` of the page returns."""
    if reply.get("object") == "task":
        return reply["id"]
    data = reply.get("data") or {}
    return data.get("taskId") or data.get("task_id") or reply.get("task_id")


@dialects
def test_the_address_for_callbacks_is_found_so_that_no_example_calls_a_stranger(dialect):
    for _, _, operation in _operations(dialect):
        for paths in operation.get("callbacks", {}).values():
            [address] = paths
            name = re.search(r"#/(.+)\}$", address).group(1)
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert all(name in variant["properties"] for variant in schema.get("oneOf", [schema]))


@pytest.mark.parametrize(
    ("dialect", "path", "place"),
    [
        (Dialect.NATIVE, "/v1/tasks", "source.upload_id"),
        (Dialect.CRUN, "/api/v1/client/job/CreateTask", "input.audio_url"),
        (Dialect.SUNOAPI, "/api/v1/generate/upload-extend", "uploadUrl"),
    ],
)
def test_an_uploaded_recording_has_its_place_in_the_request(dialect, path, place):
    schema = _document(dialect)["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert any(_has(variant, place.split(".")) for variant in schema.get("oneOf", [schema]))


def _has(schema, steps):
    name, *rest = steps
    inner = schema.get("properties", {}).get(name)
    return inner is not None and (not rest or _has(inner, rest))


def test_an_example_of_each_place_for_recordings_exists_to_begin_from():
    for dialect, path, first in (
        (Dialect.NATIVE, "/v1/tasks", "source"),
        (Dialect.CRUN, "/api/v1/client/job/CreateTask", "audio_url"),
        (Dialect.SUNOAPI, "/api/v1/generate/upload-extend", "uploadUrl"),
    ):
        operation = _document(dialect)["paths"][path]["post"]
        examples = operation["requestBody"]["content"]["application/json"]["examples"]
        assert f'"{first}":' in json.dumps(examples)


def test_the_followed_task_has_every_member_that_the_page_reads():
    reply = _document(Dialect.NATIVE)["paths"]["/v1/tasks/{task_id}"]["get"]["responses"]["200"]
    task = reply["content"]["application/json"]["examples"]["complete"]["value"]
    shown = {
        "status",
        "progress",
        "takes",
        "credits",
        "engine",
        "seed",
        "error",
        "honoured",
        "unknown_fields",
    }
    assert shown <= set(task)
    assert set(task["progress"]) == {"stage", "fraction", "queue_place", "left_s"}
    read = set(re.findall(r"\btake\.(\w+)", SCRIPTS["following.js"]))
    assert read <= set(task["takes"][0])
    downloads = re.findall(r'\["(\w+_url)",', SCRIPTS["following.js"])
    assert set(downloads) <= set(task["takes"][0])


def test_every_state_of_a_task_has_its_words_and_its_end_is_known():
    words = re.search(r"const STATUS_WORDS = \{(.*?)\};", SCRIPTS["following.js"], re.DOTALL).group(1)
    assert set(re.findall(r"(\w+): \"", words)) == {state.value for state in TaskState}
    final = re.search(r"const FINAL = new Set\(\[(.*?)\]\)", SCRIPTS["following.js"]).group(1)
    assert set(re.findall(r"\"(\w+)\"", final)) == {state.value for state in TaskState if state.is_final}


@dialects
def test_every_refusal_in_the_documents_has_a_sentence_and_a_next_step(dialect):
    steps = re.search(r"const BY_CODE = \{(.*?)\};", SCRIPTS["refusals.js"], re.DOTALL).group(1)
    known = {int(code) for code in re.findall(r"(\d{3}):", steps)}
    for _, _, operation in _operations(dialect):
        for status, response in operation["responses"].items():
            for content in response["content"].values():
                for example in content.get("examples", {}).values():
                    _check_refusal(int(status), example["value"], known)


def _check_refusal(status, body, known):
    code = body.get("code") if isinstance(body.get("code"), int) else status
    if code < 400:
        return
    told = body["error"] if isinstance(body.get("error"), dict) else body
    assert told.get("detail") or told.get("message") or told.get("msg")
    assert code in known or code >= 500


@dialects
def test_every_shown_body_is_json_that_the_page_can_draw(dialect):
    for _, _, operation in _operations(dialect):
        assert json.loads(json.dumps(_examples(operation))) == _examples(operation)


def test_every_kind_of_failure_has_its_next_step():
    steps = re.search(r"const FAILURE_STEPS = \{(.*?)\};", SCRIPTS["following.js"], re.DOTALL).group(1)
    assert set(re.findall(r"(\w+): \"", steps)) == {kind.value for kind in FailureKind}
