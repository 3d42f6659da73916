"""Routes as data, and how they become OpenAPI 3.1 path items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cadenza.dialects.telling import Json

JSON_MEDIA = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a path or a query."""

    name: str
    doc: str
    place: str = "query"
    required: bool = True
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    doc="A text of your choice, new for each task. The same request under the same key within 24 hours "
    "gets the first reply again and creates nothing; another request under it is refused.",
    place="header",
    required=False,
    schema={"type": "string", "minLength": 1, "maxLength": 255},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What is posted to the URL in a field of the request."""

    url_field: str
    examples: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: request schema, replies by HTTP status and by the name of an example."""

    method: str
    path: str
    name: str
    summary: str
    replies: Mapping[int, Mapping[str, Any]]
    reply_media: str = JSON_MEDIA
    error_media: str = JSON_MEDIA
    codes: str = ""
    parameters: tuple[Parameter, ...] = ()
    request: Mapping[str, Any] | None = None
    requests: Mapping[str, Json] = field(default_factory=dict)
    other_requests: Mapping[str, Json] = field(default_factory=dict)  # by media type: a schema
    callback: Callback | None = None


def path_item(route: Route, tag: str) -> Json:
    """Return the operation of a route."""
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [tag],
        "responses": {str(status): _reply(route, status) for status in sorted(route.replies)},
    }
    if route.parameters:
        operation["parameters"] = [_parameter(parameter) for parameter in route.parameters]
    if route.request is not None or route.other_requests:
        operation["requestBody"] = _request(route)
    if route.callback is not None:
        operation["callbacks"] = {"task": _callback(route.callback)}
    return operation


def schema_like(example: object) -> Json:
    """Return a schema with the members and types of an example; anything may be null."""
    if isinstance(example, Mapping):
        members = {name: schema_like(value) for name, value in example.items()}
        return {"type": ["object", "null"], "properties": members}
    if isinstance(example, list | tuple):
        items = schema_like(example[0]) if example else {}
        return {"type": ["array", "null"], "items": items}
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(example, kind):
            return {"type": [name, "null"]}
    return {}  # null: the example does not say what else it can be


def multipart(fields: Mapping[str, Any], file_fields: tuple[str, ...]) -> Json:
    """Return the schema of a form that carries a file beside the text fields of a table."""
    files = {name: {"type": "string", "format": "binary"} for name in file_fields}
    return {"type": "object", "properties": {**files, **fields["properties"]}, "required": [file_fields[0]]}


def _reply(route: Route, status: int) -> Json:
    examples = route.replies[status]
    fine = status < 300
    media = route.reply_media if fine else route.error_media
    description = (route.codes if fine and route.codes else None) or ("Done." if fine else "Refused.")
    if media.startswith("text/"):
        return {"description": description, "content": {media: {"schema": {"type": "string"}}}}
    richest = max(examples.values(), key=lambda example: len(str(example)))
    content = {"schema": schema_like(richest), "examples": _examples(examples)}
    return {"description": description, "content": {media: content}}


def _request(route: Route) -> Json:
    content: Json = {media: {"schema": schema} for media, schema in route.other_requests.items()}
    if route.request is not None:
        content[JSON_MEDIA] = {"schema": dict(route.request), "examples": _examples(route.requests)}
    return {"required": True, "content": content}


def _examples(examples: Mapping[str, Any]) -> Json:
    return {name.replace(" ", "-"): {"summary": name, "value": value} for name, value in examples.items()}


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.doc,
        "required": parameter.required,
        "schema": dict(parameter.schema),
    }


def _callback(callback: Callback) -> Json:
    richest = max(callback.examples.values(), key=lambda example: len(str(example)))
    body = {"schema": schema_like(richest), "examples": _examples(callback.examples)}
    post = {
        "summary": "A stage of the task",
        "requestBody": {"required": True, "content": {JSON_MEDIA: body}},
        "responses": {"200": {"description": "Received; any 2xx ends the retries."}},
    }
    return {f"{{$request.body#/{callback.url_field}}}": {"post": post}}
