"""The wire fixtures, and tasks in every state, for the tests of the dialects."""

import json
from operator import attrgetter
from pathlib import Path

import pytest

from cadenza.dialects import samples
from cadenza.dialects.apiin.decode import decode_music, decode_music_extend
from cadenza.dialects.crun.decode import decode_create_task
from cadenza.dialects.native.decode import decode_task
from cadenza.dialects.sunoapi.decode import decode_upload_extend
from cadenza.domain.errors import Malformed

WIRE = Path(__file__).parent.parent / "wire"


def wire(path):
    """Return a fixture of the wire, by its path without the suffix."""
    return json.loads((WIRE / f"{path}.json").read_text("utf-8"))


CREATING = {
    "crun": (decode_create_task, "crun/request_seed-000_curl"),
    "sunoapi": (decode_upload_extend, "sunoapi/request_seed-002_curl"),
    "apiin": (decode_music_extend, "apiin/request_seed-003_custom"),
    "apiin music": (decode_music, "apiin/request_music"),
    "native": (decode_task, "native/request_continue"),
}


@pytest.fixture
def fixture():
    """Read one fixture."""
    return wire


@pytest.fixture
def sample():
    """Return how the task of a dialect's fixture request looks in a state."""

    def make(name, state):
        decode, request = CREATING[name]
        return samples.task(decode(wire(request)), state)

    return make


def check(decode, body, expected):
    """Decode a body and compare: attributes by their path, or the names of the fields at fault."""
    if isinstance(expected, dict):
        accepted = decode(body)
        assert {path: attrgetter(path)(accepted) for path in expected} == expected
        return
    with pytest.raises(Malformed) as refused:
        decode(body)
    assert {fault.field for fault in refused.value.faults} == expected


@pytest.fixture
def holds():
    """Say that a sentence of a document holds."""
    return check
