"""Hostile numbers and texts in every field of every dialect, made from the tables themselves.

BI-02 and BI-03 of the reliability catalogue: each ends in a refusal that names the field, or in a
value that is kept unchanged; never in another exception.
"""

# ruff: noqa: E501 - a row is one request

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadenza.dialects.apiin.decode import MUSIC, MUSIC_EXTEND, decode_music, decode_music_extend
from cadenza.dialects.crun.decode import (
    EXTEND_INPUT,
    GENERATE_INPUT,
    UPLOAD_EXTEND_INPUT,
    decode_create_task,
)
from cadenza.dialects.fields import MOST_FAULTS, MOST_REPORTED
from cadenza.dialects.kinds import Hundredths, Seconds, Text, Whole
from cadenza.dialects.native.decode import SOURCE_FIELDS, TASK, decode_task
from cadenza.dialects.native.uploads import UPLOAD, decode_upload
from cadenza.dialects.sunoapi.decode import decode_extend, decode_generate, decode_upload_extend
from cadenza.dialects.sunoapi.decode_overlay import decode_add_instrumental, decode_add_vocals
from cadenza.dialects.sunoapi.files import decode_base64_upload, decode_url_upload
from cadenza.dialects.sunoapi.tables import (
    ADD_INSTRUMENTAL,
    ADD_VOCALS,
    BASE64_UPLOAD,
    EXTEND,
    GENERATE,
    UPLOAD_EXTEND,
    URL_UPLOAD,
)
from cadenza.domain.errors import Malformed

# Names of files and folders, which may not hold what is invisible.
LABELS = {"uploadPath", "fileName", "file_name"}


def crun(model):
    return lambda fields: {"model": model, "input": fields}


def plain(fields):
    return fields


CRUN_EXTEND = {"audio_url": "https://a.example/x", "mode": "custom", "title": "T", "tags": "jazz",
               "lyrics": "La", "continue_at": 3, "prompt": "x"}  # fmt: skip
SUNO = {"customMode": True, "defaultParamFlag": True, "instrumental": False, "model": "V5", "style": "jazz",
        "title": "T", "prompt": "La", "continueAt": 3}  # fmt: skip
OVERLAY = {"uploadUrl": "https://a.example/x", "prompt": "La", "title": "T", "style": "jazz", "tags": "jazz",
           "negativeTags": "metal"}  # fmt: skip
REQUESTS = [
    ("crun generate", decode_create_task, GENERATE_INPUT, CRUN_EXTEND, crun("suno/music-generate"), "input."),
    ("crun upload", decode_create_task, UPLOAD_EXTEND_INPUT, CRUN_EXTEND, crun("suno/music-extend-upload"), "input."),
    ("crun extend", decode_create_task, EXTEND_INPUT, {**CRUN_EXTEND, "task_id": "t"}, crun("suno/music-extend"), "input."),
    ("sunoapi generate", decode_generate, GENERATE, SUNO, plain, ""),
    ("sunoapi extend", decode_extend, EXTEND, {**SUNO, "audioId": "a"}, plain, ""),
    ("sunoapi upload", decode_upload_extend, UPLOAD_EXTEND, {**SUNO, "uploadUrl": "https://a.example/x"}, plain, ""),
    ("sunoapi vocals", decode_add_vocals, ADD_VOCALS, OVERLAY, plain, ""),
    ("sunoapi instrumental", decode_add_instrumental, ADD_INSTRUMENTAL, OVERLAY, plain, ""),
    ("sunoapi base64", decode_base64_upload, BASE64_UPLOAD, {"base64Data": "QUJD"}, plain, ""),
    ("sunoapi url", decode_url_upload, URL_UPLOAD, {"fileUrl": "https://a.example/x"}, plain, ""),
    ("apiin music", decode_music, MUSIC, {"prompt": "La", "title": "T", "style": "pop"}, plain, ""),
    ("apiin extend", decode_music_extend, MUSIC_EXTEND,
     {"origin_task_id": "t", "extend_audio_index": 0, "custom_mode": True, "prompt": "x"}, plain, ""),
    ("native", decode_task, TASK, {"style": "pop", "source": {"url": "https://a.example/x"}}, plain, ""),
    ("native source", decode_task, SOURCE_FIELDS, {}, lambda fields: {"source": fields}, "source."),
    ("native upload", decode_upload, UPLOAD, {}, plain, ""),
]  # fmt: skip

NEVER_NUMBERS = [math.nan, math.inf, -math.inf, True, False, 10**30, 10**400, -(10**30), "1e400", "9" * 5000,
                 "NaN", "Infinity", "0x10", "1_0", "\u0661", "--1", "+", ".", [], [1], {}, {"a": 1}]  # fmt: skip
NUMBERS = (Hundredths, Seconds, Whole)
NEVER_TEXTS = ["a\0b", "\ud800", "a\udfff", 1, 1.5, True, ["a"], {"a": "b"}, math.nan]
KEPT_TEXTS = [
    "\u202eabc\u202c",
    "🎵" * 3,
    "e" + "\u0301" * 40,
    "\uff21\uff22",
    "' OR 1=1 --",
    "<script>",
    "%s%n",
    "{0}",
]
NEVER_ANYTHING = ["a\0b", "\ud800", math.nan, math.inf, 10**30, [["x"], {"y": math.inf}], {"z": "\ud800"}]


def cases(kinds):
    for label, decode, table, base, wrap, prefix in REQUESTS:
        for field in table:
            if isinstance(field.kind, kinds):
                yield pytest.param(decode, field, base, wrap, prefix, id=f"{label}: {field.name}")


def refused_fields(decode, body):
    with pytest.raises(Malformed) as refused:
        decode(body)
    json.dumps([(fault.field, fault.reason) for fault in refused.value.faults], allow_nan=False)
    assert len(str(refused.value)) < 2000
    return {fault.field for fault in refused.value.faults}


@pytest.mark.parametrize(("decode", "field", "base", "wrap", "prefix"), list(cases(NUMBERS)))
def test_bi_02_a_number_field_refuses_what_is_no_number(decode, field, base, wrap, prefix):
    for value in NEVER_NUMBERS:
        assert prefix + field.name in refused_fields(decode, wrap({**base, field.name: value}))


@pytest.mark.parametrize(("decode", "field", "base", "wrap", "prefix"), list(cases((Hundredths,))))
def test_bi_02_a_weight_refuses_texts_and_minus_zero(decode, field, base, wrap, prefix):
    for value in ("0.5", -0.0, "1", 1.0000001, -0.01, 0.005):
        assert prefix + field.name in refused_fields(decode, wrap({**base, field.name: value}))


@pytest.mark.parametrize(("decode", "field", "base", "wrap", "prefix"), list(cases((Seconds, Whole))))
def test_bi_02_seconds_and_counts_refuse_minus_zero_and_the_unending(decode, field, base, wrap, prefix):
    for value in (-0.0, "-0", -1, 1e300, "1" * 30):
        assert prefix + field.name in refused_fields(decode, wrap({**base, field.name: value}))


@pytest.mark.parametrize(("decode", "field", "base", "wrap", "prefix"), list(cases((Text,))))
def test_bi_03_a_text_field_refuses_what_is_no_sound_text(decode, field, base, wrap, prefix):
    for value in NEVER_TEXTS:
        assert prefix + field.name in refused_fields(decode, wrap({**base, field.name: value}))


@pytest.mark.parametrize(("decode", "field", "base", "wrap", "prefix"), list(cases((Text,))))
def test_bi_03_strange_but_sound_texts_are_kept_unchanged(decode, field, base, wrap, prefix):
    if field.name in LABELS:
        return
    for text in KEPT_TEXTS:
        body = wrap({**base, field.name: text})
        assert getattr(decode(body), "wire_body", body) == body


@pytest.mark.parametrize(("decode", "field", "base", "wrap", "prefix"), list(cases((Text,))))
def test_bi_03_lengths_are_counted_in_code_points(decode, field, base, wrap, prefix):
    limit = field.kind.limit
    if limit > 10_000:  # uploads as base64 are bounded by the size of the body
        return
    assert prefix + field.name in refused_fields(decode, wrap({**base, field.name: "🎵" * (limit + 1)}))


@pytest.mark.parametrize(("label", "decode", "table", "base", "wrap", "prefix"), REQUESTS,
                         ids=[row[0] for row in REQUESTS])  # fmt: skip
def test_bi_03_unknown_fields_must_be_sound_too(label, decode, table, base, wrap, prefix):
    for value in NEVER_ANYTHING:
        assert f"{prefix}x_unknown" in refused_fields(decode, wrap({**base, "x_unknown": value}))


@pytest.mark.parametrize(("label", "decode", "table", "base", "wrap", "prefix"), REQUESTS,
                         ids=[row[0] for row in REQUESTS])  # fmt: skip
def test_bi_04_deep_nesting_is_refused(label, decode, table, base, wrap, prefix):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert f"{prefix}x_unknown" in refused_fields(decode, wrap({**base, "x_unknown": deep}))
    for _ in range(100_000):  # taken apart by hand, because freeing it recurses
        deep = deep[0]


@pytest.mark.parametrize("body", [None, [], "x", 1, 1.5, True, [{}]])
def test_bi_04_a_body_that_is_no_object_is_refused(body):
    for _, decode, *_ in REQUESTS:
        assert refused_fields(decode, body) == {"body"}


def test_bi_03_a_hostile_name_is_not_shown():
    with pytest.raises(Malformed) as refused:
        decode_generate({**SUNO, "\ud800<script>": "x"})
    assert "script" not in str(refused.value)
    accepted = decode_generate({**SUNO, "<script>": "x", "x" * 65: 1})
    assert accepted.unknown_fields[-1] == "(a field)"
    assert not any("script" in name for name in accepted.unknown_fields)


def test_bi_03_a_flood_of_fields_is_told_in_part():
    flood = {f"x{index}": "a\0" for index in range(5000)}
    with pytest.raises(Malformed) as refused:
        decode_generate({**SUNO, **flood})
    assert len(refused.value.faults) == MOST_FAULTS
    accepted = decode_generate({**SUNO, **dict.fromkeys(flood, 1)})
    assert len(accepted.unknown_fields) == MOST_REPORTED


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(("label", "decode", "table", "base", "wrap", "prefix"), REQUESTS,
                         ids=[row[0] for row in REQUESTS])  # fmt: skip
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_bi_02_any_json_at_all_is_accepted_or_refused(label, decode, table, base, wrap, prefix, data):
    names = st.sampled_from([field.name for field in table]) | st.text(max_size=5)
    changes = data.draw(st.dictionaries(names, JSON_VALUES, max_size=4))
    try:
        decode(wrap({**base, **changes}))
    except Malformed as refused:
        str(refused).encode()
