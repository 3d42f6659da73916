"""Our own dialect: what docs/dialects.md promises, sentence by sentence."""

import pytest

from cadenza.dialects.native.decode import decode_task
from cadenza.dialects.native.uploads import UploadOrder, decode_upload
from cadenza.domain.request import (
    Continuation,
    Controls,
    Described,
    Inherited,
    Side,
    SourceTake,
    SourceTaskTake,
    SourceUpload,
    SourceUrl,
    Specified,
    Voice,
    Weight,
)
from cadenza.domain.task import Operation

URL = "https://example.com/a.mp3"


def of(source, **more):
    return {"source": source, **more}


ROWS = [
    ("prompt alone describes", {"prompt": "lo-fi"},
     {"request.wish": Described(prompt="lo-fi"), "operation": Operation.GENERATE, "request.tier": "v5"}),
    ("title, style, lyrics specify", {"title": "T", "style": "jazz", "lyrics": "La"},
     {"request.wish": Specified(title="T", style="jazz", lyrics="La")}),
    ("a style alone specifies", {"style": "jazz"}, {"request.wish": Specified(title="", style="jazz")}),
    ("a prompt beside them adds a wish", {"style": "jazz", "prompt": "calmer"},
     {"request.wish": Specified(title="", style="jazz", description="calmer")}),
    ("something must be wished", {}, {"style"}),
    ("a title alone is no wish", {"title": "T"}, {"style"}),
    ("source.url", of({"url": URL}),
     {"request.continuation": Continuation(source=SourceUrl(url=URL)), "request.wish": Inherited(),
      "operation": Operation.UPLOAD_EXTEND}),
    ("source.upload_id", of({"upload_id": "u"}),
     {"request.continuation": Continuation(source=SourceUpload(upload_id="u")),
      "operation": Operation.UPLOAD_EXTEND}),
    ("source.take_id", of({"take_id": "t"}),
     {"request.continuation": Continuation(source=SourceTake(take_id="t")), "operation": Operation.EXTEND}),
    ("source.task_id and take_index", of({"task_id": "t", "take_index": 1}),
     {"request.continuation": Continuation(source=SourceTaskTake(task_id="t", take_index=1))}),
    ("take_index is 0 if absent", of({"task_id": "t"}),
     {"request.continuation": Continuation(source=SourceTaskTake(task_id="t", take_index=0))}),
    ("exactly one source (none)", of({}), {"source"}),
    ("exactly one source (two)", of({"url": URL, "take_id": "t"}), {"source"}),
    ("a source is an object", of("x"), {"source"}),
    ("the faults of a source are named", of({"url": "x"}), {"source.url"}),
    ("unknown names in a source are reported", of({"url": URL, "x": 1}), {"unknown_fields": ("source.x",)}),
    ("a prompt beside a source adds to what it inherits", of({"url": URL}, prompt="calmer"),
     {"request.wish": Inherited(prompt="calmer")}),
    ("continue_at_s", of({"url": URL}, continue_at_s=60),
     {"request.continuation": Continuation(source=SourceUrl(url=URL), from_s=60.0)}),
    ("continue_at_s is above 0", of({"url": URL}, continue_at_s=0), {"continue_at_s"}),
    ("continue_at_s means nothing without a source", {"prompt": "x", "continue_at_s": 3},
     {"unknown_fields": ("continue_at_s",)}),
    ("side and context_s", of({"url": URL}, side="left", context_seconds=20),
     {"request.continuation": Continuation(source=SourceUrl(url=URL), side=Side.LEFT, context_s=20.0)}),
    ("side is left or right", of({"url": URL}, side="up"), {"side"}),
    ("a section to exchange", of({"url": URL}, replace_from_s=0, replace_to_s=8.5),
     {"request.continuation": Continuation(source=SourceUrl(url=URL), from_s=0.0, until_s=8.5)}),
    ("a section needs both ends", of({"url": URL}, replace_from_s=4), {"replace_to_s"}),
    ("a section ends after it begins", of({"url": URL}, replace_from_s=4, replace_to_s=3), {"replace_to_s"}),
    ("a section says where", of({"url": URL}, replace_from_s=4, replace_to_s=9, continue_at_s=2, side="left"),
     {"continue_at_s", "side"}),
    ("duration_s", {"prompt": "x", "duration_s": 60.5}, {"request.duration_s": 60.5}),
    ("duration_s 5 to 600", {"prompt": "x", "duration_s": 4}, {"duration_s"}),
    ("weights", of({"url": URL}, style_weight=0.1, weirdness=0.2, audio_weight=0.3),
     {"request.controls": Controls(style_weight=Weight(10), weirdness=Weight(20), audio_weight=Weight(30))}),
    ("negative_tags", {"prompt": "x", "negative_tags": "metal"}, {"request.avoid": "metal"}),
    ("vocal any", {"prompt": "x", "vocal": "any"}, {"request.voice": Voice.ANYBODY}),
    ("vocal female", {"prompt": "x", "vocal": "female"}, {"request.voice": Voice.FEMALE}),
    ("vocal male", {"prompt": "x", "vocal": "male"}, {"request.voice": Voice.MALE}),
    ("vocal none", {"prompt": "x", "vocal": "none"}, {"request.voice": Voice.NOBODY}),
    ("lyrics need a voice", {"lyrics": "La", "vocal": "none"}, {"lyrics"}),
    ("seed", {"prompt": "x", "seed": 0}, {"request.seed": 0}),
    ("seed below 0", {"prompt": "x", "seed": -1}, {"seed"}),
    ("seed above 63 bits", {"prompt": "x", "seed": 2**63}, {"seed"}),
    ("takes 1 to 4", {"prompt": "x", "takes": 4}, {"request.take_count": 4}),
    ("takes is 2 if absent", {"prompt": "x"}, {"request.take_count": 2}),
    ("takes 0", {"prompt": "x", "takes": 0}, {"takes"}),
    ("takes 5", {"prompt": "x", "takes": 5}, {"takes"}),
    ("model", {"prompt": "x", "model": "v4.5plus"}, {"request.tier": "v4.5plus"}),
    ("limits are the model's", {"style": "x" * 201, "model": "v4"}, {"style"}),
    ("callback_url", {"prompt": "x", "callback_url": URL}, {"callback_url": URL}),
    ("callback_url is checked", {"prompt": "x", "callback_url": "playground"}, {"callback_url"}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_sentence_of_our_own_holds(sentence, body, expected, holds):
    holds(decode_task, body, expected)


def test_an_upload_comes_from_a_url_or_as_base64():
    assert decode_upload({"url": URL}) == UploadOrder(url=URL, data_base64=None, file_name="")
    sent = decode_upload({"data_base64": "QUJD", "file_name": "a.wav"})
    assert sent == UploadOrder(url=None, data_base64="QUJD", file_name="a.wav")


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"url"}),
        ({"url": URL, "data_base64": "QUJD"}, {"url"}),
        ({"url": URL, "file_name": "../x"}, {"file_name"}),
    ],
)
def test_an_upload_names_what_is_wrong(body, faults, holds):
    holds(decode_upload, body, faults)
