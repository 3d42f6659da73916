"""Every error has its number and its words in every dialect, and none of them echoes what was sent."""

import json

import pytest

from cadenza.dialects import apiin, crun, native, sunoapi
from cadenza.dialects.apiin import errors as apiin_errors
from cadenza.dialects.crun import errors as crun_errors
from cadenza.dialects.crun.decode import decode_create_task
from cadenza.dialects.fields import TooLong
from cadenza.dialects.native import errors as native_errors
from cadenza.dialects.sunoapi import errors as sunoapi_errors
from cadenza.dialects.sunoapi import quirks as sunoapi_quirks
from cadenza.dialects.sunoapi.decode import decode_generate
from cadenza.domain.errors import (
    CadenzaError,
    Conflict,
    Damaged,
    Fault,
    Forbidden,
    GenerationFailed,
    Gone,
    InsufficientCredits,
    KeyReused,
    Malformed,
    NotFound,
    RateLimited,
    SourceUnusable,
    SpendCapReached,
    Stopped,
    StorageFull,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

TABLES = {
    "crun": crun_errors.ROWS,
    "sunoapi": sunoapi_errors.ROWS,
    "sunoapi files": sunoapi_errors.FILE_ROWS,
    "apiin": apiin_errors.ROWS,
    "native": native_errors.ROWS,
}
REFUSE = {
    "crun": crun_errors.refusal_body,
    "sunoapi": sunoapi_errors.refusal_body,
    "apiin": apiin_errors.refusal_body,
    "native": native_errors.refusal_body,
}
EXAMPLES = [
    Unauthenticated(),
    Forbidden("This key may not do this."),
    Malformed(Fault("title", "is required")),
    TooLarge("The body", limit=1000, actual=2000),
    NotFound("task"),
    Conflict("The audio to extend is not completed yet."),
    Gone("take"),
    Unsupported("The engine cannot continue recordings."),
    KeyReused(),
    InsufficientCredits(needed=12, available=3),
    SpendCapReached(needed=12, available=3),
    StorageFull(limit=1000, actual=1001),
    RateLimited(retry_after_s=7),
    SourceUnusable("The source audio could not be decoded."),
    GenerationFailed("The engine gave up."),
    Stopped("The task was cancelled."),
    Damaged("file"),
    Unavailable("The database does not answer.", retry_after_s=9),
]


def leaves(kind):
    """Return the leaves of the domain's own tree: a room may have a kind of its own below one of them."""
    children = [child for child in kind.__subclasses__() if child.__module__ == kind.__module__]
    return [leaf for child in children for leaf in leaves(child)] or [kind]


ERRORS_OF_THE_DOMAIN = sorted(leaves(CadenzaError), key=lambda leaf: leaf.__name__)


@pytest.mark.parametrize("dialect", TABLES)
@pytest.mark.parametrize("leaf", ERRORS_OF_THE_DOMAIN, ids=lambda leaf: leaf.__name__)
def test_every_leaf_of_the_error_tree_has_a_row_in_every_dialect(leaf, dialect):
    assert leaf in TABLES[dialect]
    assert TABLES[dialect][leaf].text


def test_the_examples_here_are_all_leaves():
    assert {type(error) for error in EXAMPLES} == set(ERRORS_OF_THE_DOMAIN)


CODES = [
    # crun: the list of codes on both pages
    ("seed-000: '401: Unauthorized'", "crun", Unauthenticated(), 401),
    ("seed-000: '402: Insufficient Credits'", "crun", InsufficientCredits(needed=2, available=1), 402),
    ("as no credits: a key at its cap", "crun", SpendCapReached(needed=2, available=1), 402),
    ("as no credits: a key at its cap", "sunoapi", SpendCapReached(needed=2, available=1), 429),
    ("as no credits: a key at its cap", "apiin", SpendCapReached(needed=2, available=1), 402),
    ("docs: native key at its cap", "native", SpendCapReached(needed=2, available=1), 402),
    ("seed-000: '404: Not Found'", "crun", NotFound("task"), 404),
    ("seed-000: '422: Validation Error'", "crun", Malformed(Fault("a", "is required")), 422),
    ("seed-000: '429: Rate Limited'", "crun", RateLimited(retry_after_s=1), 429),
    ("seed-000: '455: Service Unavailable'", "crun", Unavailable("x"), 455),
    ("seed-000: '500: Server Error'", "crun", ValueError("x"), 500),
    ("seed-000: '501: Generation Failed'", "crun", GenerationFailed("x"), 501),
    ("seed-000: '505: Feature Disabled'", "crun", Unsupported("x"), 505),
    # sunoapi: the list of codes of seed-001
    ("seed-001: '400 - Invalid parameters'", "sunoapi", Malformed(Fault("a", "is required")), 400),
    ("seed-001: '401 - Unauthorized access'", "sunoapi", Unauthenticated(), 401),
    ("seed-001: '404', wire 9 row 16: unknown task id", "sunoapi", NotFound("task"), 404),
    ("seed-001: '413 - Theme or prompt too long'", "sunoapi", Malformed(TooLong("prompt", "x", 5, 6)), 413),
    ("seed-001: '429 - Insufficient credits'", "sunoapi", InsufficientCredits(needed=2, available=1), 429),
    ("seed-001: '430 - Your call frequency is too high'", "sunoapi", RateLimited(retry_after_s=1), 430),
    ("seed-001: '455 - System maintenance'", "sunoapi", Unavailable("x"), 455),
    ("seed-001: '500 - Server error'", "sunoapi", ValueError("x"), 500),
    # apiin: seed-003 and the HTTP statuses
    ("seed-003: '400 invalid_request'", "apiin", Malformed(Fault("a", "is required")), 400),
    ("seed-003: '400 … original audio is not completed yet'", "apiin", Conflict("x"), 400),
    ("seed-003: '401 authentication_error'", "apiin", Unauthenticated(), 401),
    ("seed-003: '402 insufficient_credits'", "apiin", InsufficientCredits(needed=2, available=1), 402),
    ("design: apiin too often 429", "apiin", RateLimited(retry_after_s=1), 429),
    ("wire 9, row 16: apiin unknown task", "apiin", NotFound("task"), 404),
    # native
    ("design: native no credits 402", "native", InsufficientCredits(needed=2, available=1), 402),
    ("design: native too often 429", "native", RateLimited(retry_after_s=1), 429),
    ("docs: native malformed 422", "native", Malformed(Fault("a", "is required")), 422),
    ("docs: native unavailable 503", "native", Unavailable("x"), 503),
]


@pytest.mark.parametrize(("sentence", "dialect", "error", "code"), CODES, ids=[row[0] for row in CODES])
def test_a_code_is_the_documented_one(sentence, dialect, error, code):
    status, body, _ = REFUSE[dialect](error)
    real_status = dialect in {"apiin", "native"}
    told = status if real_status else body["code"]
    assert told == code
    if not real_status:
        assert status == (500 if code == 500 else 200)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("dialect", ["crun", "sunoapi"])
def test_the_http_status_equals_the_code_where_the_setting_says_so(dialect, error):
    status, body, _ = REFUSE[dialect](error, mirror_status=True)
    assert status == body["code"]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("dialect", REFUSE)
def test_retry_after_is_sent_only_for_what_time_heals(dialect, error):
    _, _, headers = REFUSE[dialect](error)
    expected = {RateLimited: "7", Unavailable: "9"}.get(type(error))
    assert headers.get("Retry-After") == expected


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("dialect", REFUSE)
def test_a_refusal_is_json_and_has_a_message(dialect, error):
    _, body, _ = REFUSE[dialect](error)
    json.dumps(body, allow_nan=False)
    member = {"crun": "message", "sunoapi": "msg", "apiin": "message", "native": "detail"}[dialect]
    message = body.get("error", body)[member]
    assert message


@pytest.mark.parametrize("dialect", REFUSE)
def test_an_unexpected_error_tells_nothing_of_itself(dialect):
    status, body, _ = REFUSE[dialect](RuntimeError("password=hunter2 at /srv/app.py"))
    assert status == 500
    assert "hunter2" not in json.dumps(body)


def test_the_shapes_are_the_documented_ones():
    assert REFUSE["crun"](NotFound("task"))[1].keys() >= {"code", "message", "data"}
    assert REFUSE["sunoapi"](NotFound("task"))[1].keys() >= {"code", "msg"}
    assert REFUSE["apiin"](NotFound("task"))[1]["error"].keys() >= {"message", "type"}
    problem = REFUSE["native"](NotFound("task"))[1]
    assert problem.keys() >= {"type", "title", "status", "detail", "faults"}


def test_native_problems_have_their_media_type():
    _, _, headers = REFUSE["native"](NotFound("task"))
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Malformed(Fault("a", "is required")), "invalid_request"),
        (Unauthenticated(), "authentication_error"),
        (InsufficientCredits(needed=2, available=1), "insufficient_credits"),
    ],
)
def test_apiin_errors_have_the_types_of_the_page(error, kind):  # seed-003: Error Handling
    assert REFUSE["apiin"](error)[1]["error"]["type"] == kind


def test_an_unknown_origin_task_is_400_when_creating_and_404_when_reading():  # seed-003: "is invalid"
    assert REFUSE["apiin"](NotFound("task"), creating=True)[0] == 400
    assert REFUSE["apiin"](NotFound("task"))[0] == 404


def test_crun_says_422_for_an_unknown_source_and_404_for_an_unknown_task():  # wire-contracts 2.3
    assert REFUSE["crun"](NotFound("task"), creating=True)[1]["code"] == 422
    assert REFUSE["crun"](NotFound("task"))[1]["code"] == 404


def test_sunoapi_says_413_only_if_length_is_all_that_is_wrong():
    mixed = Malformed(TooLong("prompt", "is long", 5, 6), Fault("title", "is required"))
    assert REFUSE["sunoapi"](mixed)[1]["code"] == 400
    assert sunoapi_quirks.TOO_LONG_CODE == 413


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_the_file_routes_mirror_their_code(error):  # wire-contracts 1.5
    status, body, _ = sunoapi_errors.file_refusal_body(error)
    assert (status, body["success"]) == (body["code"], False)


@pytest.mark.parametrize(
    ("dialect", "name"),
    [("crun", "input.continue_at"), ("sunoapi", "continueAt"), ("apiin", "extensionStartTime"),
     ("native", "continue_at_s")],
)  # fmt: skip
def test_a_fault_that_intake_found_bears_the_wire_name(dialect, name):
    error = Malformed(Fault("continue_at", "must be below the duration of the audio", 60.0, 70.0))
    body = REFUSE[dialect](error)[1]
    faults = body["error"]["errors"] if dialect == "apiin" else body.get("errors", body.get("faults"))
    assert faults == [{"field": name, "reason": "must be below the duration of the audio", "limit": 60.0,
                       "actual": 70.0}]  # fmt: skip
    assert name in json.dumps(body)


def test_a_refusal_never_echoes_what_was_sent():
    marker = "zzPLANTEDzz"
    bodies = [
        (decode_create_task, "crun", {"model": marker, "input": {"mode": marker}}),
        (
            decode_create_task,
            "crun",
            {"model": "suno/music-generate", "input": {"mode": marker, "model": marker}},
        ),
        (decode_generate, "sunoapi", {"customMode": marker, "model": marker, "vocalGender": marker}),
        (decode_generate, "sunoapi", {"style": [marker], "prompt": {marker: marker}, "duration": marker}),
    ]
    for decode, dialect, body in bodies:
        with pytest.raises(Malformed) as refused:
            decode(body)
        assert marker not in json.dumps(REFUSE[dialect](refused.value)[1])


def test_the_four_dialects_have_the_same_four_files():
    for package in (crun, sunoapi, apiin, native):
        files = {
            path.name for folder in package.__path__ for path in __import__("pathlib").Path(folder).iterdir()
        }
        assert {"decode.py", "encode.py", "errors.py", "quirks.py"} <= files
