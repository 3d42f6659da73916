"""One OpenAPI 3.1 document per dialect and one for operators, from the tables that read the requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cadenza
from cadenza.dialects.apiin.describe import routes as apiin_routes
from cadenza.dialects.crun.describe import routes as crun_routes
from cadenza.dialects.describing import Route, path_item
from cadenza.dialects.native.describe import routes as native_routes
from cadenza.dialects.native.describe_admin import routes as admin_routes
from cadenza.dialects.sunoapi.describe import routes as sunoapi_routes
from cadenza.dialects.telling import Json
from cadenza.domain.task import Dialect

_ROUTES: dict[Dialect, Callable[[], tuple[Route, ...]]] = {
    Dialect.CRUN: crun_routes,
    Dialect.SUNOAPI: sunoapi_routes,
    Dialect.APIIN: apiin_routes,
    Dialect.NATIVE: native_routes,
}
_TITLES = {
    Dialect.CRUN: "Cadenza, crun.ai dialect",
    Dialect.SUNOAPI: "Cadenza, sunoapi.org and kie.ai dialect",
    Dialect.APIIN: "Cadenza, apiin.one dialect",
    Dialect.NATIVE: "Cadenza",
}
_SECURITY_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer YOUR_API_KEY"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The same key."},
}


def document(dialect: Dialect, *, public_url: str) -> Json:
    """Return the API description of a dialect; ``public_url`` is where this server is reached."""
    return _document(_TITLES[dialect], dialect.value, _ROUTES[dialect](), public_url)


def admin_document(*, public_url: str) -> Json:
    """Return the API description for operators."""
    return _document("Cadenza, for operators", "admin", admin_routes(), public_url)


def _document(title: str, tag: str, routes: Sequence[Route], public_url: str) -> Json:
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = path_item(route, tag)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": cadenza.__version__,
            "summary": "Makes songs and continues recordings.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url.rstrip("/")}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "tags": [{"name": tag}],
        "paths": paths,
        "components": {"securitySchemes": _SECURITY_SCHEMES},
    }
