"""sunoapi.org's and kie.ai's pages, sentence by sentence (seed-001, seed-002: upload-extend)."""

# ruff: noqa: E501 - a row is one sentence of a document and what it means; broken rows read worse

import pytest

from cadenza.dialects.sunoapi import quirks
from cadenza.dialects.sunoapi.decode import (
    decode_extend,
    decode_generate,
    decode_lyrics,
    decode_upload_extend,
)
from cadenza.dialects.sunoapi.errors import refusal_body
from cadenza.dialects.sunoapi.files import (
    FileOrder,
    decode_base64_upload,
    decode_stream_upload,
    decode_url_upload,
)
from cadenza.domain.errors import Malformed
from cadenza.domain.request import (
    Continuation,
    Controls,
    Described,
    Inherited,
    SourceTake,
    SourceUrl,
    Specified,
    Voice,
    Weight,
)
from cadenza.domain.task import Operation
from cadenza.domain.tiers import TIERS

URL = "https://storage.example.com/upload"
UPLOAD = SourceUrl(url=URL)


def inherit(**more):
    return {"uploadUrl": URL, "defaultParamFlag": False, "model": "V4_5", **more}


def custom(**more):
    return {"uploadUrl": URL, "defaultParamFlag": True, "instrumental": False, "model": "V4_5", "style": "jazz",
            "title": "T", "prompt": "La la", "continueAt": 60, **more}  # fmt: skip


def instrumental(**more):
    return custom(instrumental=True, **{"prompt": None, **more})


SPECIFIED = Specified(title="T", style="jazz", lyrics="La la")

UPLOAD_EXTEND_ROWS = [
    # seed-001, in the order of the page
    ("seed-001: 'extends audio tracks while preserving the original style'",
     inherit(), {"request.wish": Inherited(), "operation": Operation.UPLOAD_EXTEND}),
    ("seed-001: '(defaultParamFlag: true) style, title, uploadUrl, and continueAt' (instrumental)",
     instrumental(), {"request.wish": Specified(title="T", style="jazz"), "request.voice": Voice.NOBODY}),
    ("seed-001: '(defaultParamFlag: true) style, title, prompt, uploadUrl, and continueAt'",
     custom(), {"request.wish": SPECIFIED}),
    ("seed-001: 'prompt will be used as exact lyrics when instrumental is false'",
     custom(prompt="Extend the music"),
     {"request.wish": Specified(title="T", style="jazz", lyrics="Extend the music")}),
    ("seed-001: '(defaultParamFlag: false) uploadUrl', 'Only uploadUrl required'",
     inherit(), {"request.wish": Inherited()}),
    ("seed-001: 'continueAt parameter' beside flag false",
     inherit(continueAt=60), {"request.continuation": Continuation(source=UPLOAD, from_s=60.0)}),
    ("seed-001: 'uploading … required regardless of whether defaultParamFlag is true' (true)",
     custom(uploadUrl=None), {"uploadUrl"}),
    ("seed-001: 'required regardless of whether defaultParamFlag is true or false' (false)",
     inherit(uploadUrl=""), {"uploadUrl"}),
    ("seed-001: 'The URL for uploading audio files' (must be one)", inherit(uploadUrl="/upload"), {"uploadUrl"}),
    ("seed-001: 'Set to true to use custom parameter mode (requires style, title, and uploadUrl)'",
     custom(style=None, title=None), {"style", "title"}),
    ("seed-001: 'if instrumental is false, uploadUrl and prompt are required'", custom(prompt=None), {"prompt"}),
    ("seed-001: 'the prompt will be strictly used as lyrics'",
     custom(prompt="[Verse]\nLa"), {"request.wish": Specified(title="T", style="jazz", lyrics="[Verse]\nLa")}),
    ("seed-001: 'Lyrics will be automatically generated based on the prompt' (flag false)",
     inherit(prompt="about the sea"),
     {"request.wish": Inherited(prompt="about the sea"), "request.voice": Voice.ANYBODY}),
    ("seed-001: 'Model version to use' V3_5", inherit(model="V3_5"), {"request.tier": "v3.5", "wire_model": "V3_5"}),
    ("seed-001: 'Model version to use' V4", inherit(model="V4"), {"request.tier": "v4"}),
    ("seed-001: 'Model version to use' V4_5", inherit(model="V4_5"), {"request.tier": "v4.5"}),
    ("seed-001: 'Model version to use' V4_5PLUS", inherit(model="V4_5PLUS"), {"request.tier": "v4.5plus"}),
    ("seed-001: 'The URL to receive task completion notifications'",
     inherit(callBackUrl="https://api.example.com/callback?x=1"),
     {"callback_url": "https://api.example.com/callback?x=1"}),
    ("seed-001: 'Alternatively … poll task status' (no callBackUrl)", inherit(), {"callback_url": None}),
    ("seed-001: 'If true: only style, title, and uploadUrl are required' (no prompt)",
     instrumental(prompt=None), {"request.wish": Specified(title="T", style="jazz")}),
    ("seed-001: 'In non-custom parameter mode …: does not affect required fields' (instrumental true)",
     inherit(instrumental=True), {"request.wish": Inherited(), "request.voice": Voice.NOBODY}),
    ("seed-001: 'In non-custom parameter mode …: does not affect required fields' (false)",
     inherit(instrumental=False), {"request.wish": Inherited(), "request.voice": Voice.ANYBODY}),
    ("seed-001: prompt 'Description of how the music should be extended' (nobody sings it)",
     instrumental(prompt="more relaxing notes"),
     {"request.wish": Specified(title="T", style="jazz", description="more relaxing notes")}),
    ("seed-001: prompt 'Required when defaultParamFlag is true' (somebody sings)", custom(prompt=""), {"prompt"}),
    ("seed-001: 'Music style, e.g., Jazz, Classical, Electronic'", custom(style="Electronic"),
     {"request.wish": Specified(title="T", style="Electronic", lyrics="La la")}),
    ("seed-001: 'Music title'", custom(title="Peaceful Piano Extended"),
     {"request.wish": Specified(title="Peaceful Piano Extended", style="jazz", lyrics="La la")}),
    ("seed-001: continueAt 'Required when defaultParamFlag is true'", custom(continueAt=None), {"continueAt"}),
    ("seed-001: continueAt required when flag true (instrumental)", instrumental(continueAt=None), {"continueAt"}),
    ("seed-001: continueAt 'greater than 0' (0)", custom(continueAt=0), {"continueAt"}),
    ("seed-001: continueAt 'greater than 0' (below)", custom(continueAt=-1), {"continueAt"}),
    ("seed-001: continueAt 'time point (in seconds)'",
     custom(continueAt=60), {"request.continuation": Continuation(source=UPLOAD, from_s=60.0)}),
    ("seed-001: 'Music styles to exclude from generation'",
     custom(negativeTags="Relaxing Piano"), {"request.avoid": "Relaxing Piano"}),
    ("seed-001: 'Preferred vocal gender' m", custom(vocalGender="m"), {"request.voice": Voice.MALE}),
    ("seed-001: 'Preferred vocal gender' f", custom(vocalGender="f"), {"request.voice": Voice.FEMALE}),
    ("seed-001: 'Preferred vocal gender … Optional'", custom(), {"request.voice": Voice.ANYBODY}),
    ("seed-001: vocalGender 'm, f'", custom(vocalGender="n"), {"vocalGender"}),
    ("seed-001: styleWeight 'Weight of the provided style guidance'",
     custom(styleWeight=0.65), {"request.controls": Controls(style_weight=Weight(65))}),
    ("seed-001: styleWeight 'Range 0.00-1.00' (0)",
     custom(styleWeight=0), {"request.controls": Controls(style_weight=Weight(0))}),
    ("seed-001: styleWeight 'Range 0.00-1.00' (1)",
     custom(styleWeight=1), {"request.controls": Controls(style_weight=Weight(100))}),
    ("seed-001: styleWeight '0 <= x <= 1'", custom(styleWeight=1.01), {"styleWeight"}),
    ("seed-001: styleWeight '0 <= x <= 1' (below)", custom(styleWeight=-0.01), {"styleWeight"}),
    ("seed-001: styleWeight 'Must be a multiple of 0.01'", custom(styleWeight=0.655), {"styleWeight"}),
    ("seed-001: weirdnessConstraint 'creative deviation/novelty'",
     custom(weirdnessConstraint=0.65), {"request.controls": Controls(weirdness=Weight(65))}),
    ("seed-001: weirdnessConstraint '0 <= x <= 1'", custom(weirdnessConstraint=1.5), {"weirdnessConstraint"}),
    ("seed-001: weirdnessConstraint 'Must be a multiple of 0.01'",
     custom(weirdnessConstraint=0.001), {"weirdnessConstraint"}),
    ("seed-001: audioWeight 'Weight of the input audio influence'",
     custom(audioWeight=0.65), {"request.controls": Controls(audio_weight=Weight(65))}),
    ("seed-001: audioWeight '0 <= x <= 1'", custom(audioWeight=-1), {"audioWeight"}),
    ("seed-001: audioWeight 'Must be a multiple of 0.01'", custom(audioWeight=0.333), {"audioWeight"}),
    # seed-002, in the order of the page
    ("seed-002: 'If instrumental is true: style, title, and uploadUrl are required'",
     instrumental(style="", title="", uploadUrl=""), {"style", "title", "uploadUrl"}),
    ("seed-002: 'If instrumental is false: style, prompt, title, and uploadUrl are required'",
     custom(style="", title="", uploadUrl="", prompt=""), {"style", "title", "uploadUrl", "prompt"}),
    ("seed-002: prompt 'V3_5 & V4: Maximum 3000 characters' (fits)",
     custom(model="V3_5", prompt="x" * 3000), {"request.tier": "v3.5"}),
    ("seed-002: prompt 'V3_5 & V4: Maximum 3000 characters' (V3_5)",
     custom(model="V3_5", prompt="x" * 3001), {"prompt"}),
    ("seed-002: prompt 'V3_5 & V4: Maximum 3000 characters' (V4)",
     custom(model="V4", prompt="x" * 3001), {"prompt"}),
    ("seed-002: prompt 'V4_5 & V4_5PLUS: Maximum 5000 characters' (fits)",
     custom(model="V4_5", prompt="x" * 5000), {"request.tier": "v4.5"}),
    ("seed-002: prompt 'V4_5 & V4_5PLUS: Maximum 5000 characters' (V4_5)",
     custom(model="V4_5", prompt="x" * 5001), {"prompt"}),
    ("seed-002: prompt 'V4_5 & V4_5PLUS: Maximum 5000 characters' (V4_5PLUS)",
     custom(model="V4_5PLUS", prompt="x" * 5001), {"prompt"}),
    ("seed-002: style 'V3_5 & V4: Maximum 200 characters' (fits)",
     custom(model="V4", style="x" * 200), {"request.tier": "v4"}),
    ("seed-002: style 'V3_5 & V4: Maximum 200 characters' (V3_5)", custom(model="V3_5", style="x" * 201), {"style"}),
    ("seed-002: style 'V3_5 & V4: Maximum 200 characters' (V4)", custom(model="V4", style="x" * 201), {"style"}),
    ("seed-002: style 'V4_5 & V4_5PLUS: Maximum 1000 characters' (fits)",
     custom(model="V4_5PLUS", style="x" * 1000), {"request.tier": "v4.5plus"}),
    ("seed-002: style 'V4_5 & V4_5PLUS: Maximum 1000 characters'", custom(style="x" * 1001), {"style"}),
    ("seed-002: title 'V3_5 & V4: Maximum 80 characters' (fits)",
     custom(model="V3_5", title="x" * 80), {"request.tier": "v3.5"}),
    ("seed-002: title 'V3_5 & V4: Maximum 80 characters' (V3_5)", custom(model="V3_5", title="x" * 81), {"title"}),
    ("seed-002: title 'V3_5 & V4: Maximum 80 characters' (V4)", custom(model="V4", title="x" * 81), {"title"}),
    ("seed-002: title 'V4_5 & V4_5PLUS: Maximum 100 characters' (fits)",
     custom(title="x" * 100), {"request.tier": "v4.5"}),
    ("seed-002: title 'V4_5 & V4_5PLUS: Maximum 100 characters'", custom(title="x" * 101), {"title"}),
    ("seed-002: 'continueAt … must be greater than 0'", custom(continueAt=0.0), {"continueAt"}),
    ("seed-002: 'only uploadUrl and prompt are required' (both there)",
     inherit(prompt="x"), {"request.wish": Inherited(prompt="x")}),
    ("seed-002: 'Regardless of instrumental setting' (flag false)",
     inherit(prompt="x", instrumental=True), {"request.wish": Inherited(prompt="x")}),
    ("seed-002: 'Other parameters will use the original audio's parameters'",
     inherit(style="rock", title="T"), {"request.wish": Inherited(), "unknown_fields": ("style", "title")}),
    ("seed-002: 'provide a valid URL'", inherit(uploadUrl="http://"), {"uploadUrl"}),
    # wire-contracts
    ("wire 1.4: uploadUrl*, defaultParamFlag*, model* are required", {}, {"uploadUrl", "defaultParamFlag", "model"}),
    ("wire 1.3: duration 10..360", inherit(duration=40), {"request.duration_s": 40.0}),
    ("wire 1.3: duration 10..360 (below)", inherit(duration=9), {"duration"}),
    ("wire 1.3: duration 10..360 (above)", inherit(duration=361), {"duration"}),
    ("wire 1.3: duration is whole", inherit(duration=40.5), {"duration"}),
    ("wire 1.3: variety 0..4 means nothing here", inherit(variety=1), {"unknown_fields": ("variety",)}),
    ("wire 1.3: variety 0..4", inherit(variety=5), {"variety"}),
    ("wire 1.3: personaId, personaModel mean nothing here",
     inherit(personaId="p", personaModel="style_persona"), {"unknown_fields": ("personaId", "personaModel")}),
    ("wire 1.3: lyrics win over prompt",
     custom(lyrics="Words", prompt="calmer"),
     {"request.wish": Specified(title="T", style="jazz", lyrics="Words", description="calmer")}),
    ("wire 1.3: lyrics <= 5000", custom(lyrics="x" * 5001), {"lyrics"}),
    ("wire 1.2: V4_5ALL has titles of 80", custom(model="V4_5ALL", title="x" * 81), {"title"}),
    ("wire 9, row 1: callBackUrl optional", inherit(callBackUrl=""), {"callback_url": None}),
    ("wire 9, row 1: placeholders never hurt the task",
     inherit(callBackUrl="https://localhost/x"), {"callback_url": "https://localhost/x"}),
    ("wire 9, row 1: a word instead of a callback", inherit(callBackUrl="playground"),
     {"callback_url": None, "unknown_fields": ("callBackUrl",)}),
    ("wire 9, row 2: a LAN source with a query string is kept",
     inherit(uploadUrl="http://192.168.1.9:8000/a.mp3?sig=1%2F2"),
     {"request.continuation": Continuation(source=SourceUrl(url="http://192.168.1.9:8000/a.mp3?sig=1%2F2"))}),
    ("wire 9, row 3: unknown body fields are ignored", inherit(foo=1, bar=None), {"unknown_fields": ("foo", "bar")}),
    ("wire 9, row 12: continueAt as integer", inherit(continueAt=60),
     {"request.continuation": Continuation(source=UPLOAD, from_s=60.0)}),
    ("wire 9, row 12: continueAt as float", inherit(continueAt=60.25),
     {"request.continuation": Continuation(source=UPLOAD, from_s=60.25)}),
    ("wire 9, row 12: continueAt as numeric string", inherit(continueAt="60"),
     {"request.continuation": Continuation(source=UPLOAD, from_s=60.0)}),
    ("design: seed is an extra field in every dialect", inherit(seed=2**63 - 1), {"request.seed": 2**63 - 1}),
    ("design: exactly two takes", inherit(), {"request.take_count": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), UPLOAD_EXTEND_ROWS,
                         ids=[row[0] for row in UPLOAD_EXTEND_ROWS])  # fmt: skip
def test_a_sentence_of_upload_extend_holds(sentence, body, expected, holds):
    holds(decode_upload_extend, body, expected)


def song(**more):
    return {"customMode": True, "instrumental": False, "model": "V5", "style": "jazz", "title": "T",
            "prompt": "La la", **more}  # fmt: skip


def idea(**more):
    return {"customMode": False, "instrumental": False, "model": "V5", "prompt": "a calm song", **more}


GENERATE_ROWS = [
    ("wire 1.4 generate: customMode*, instrumental*, model* are required", {"prompt": "x"},
     {"customMode", "instrumental", "model"}),
    ("wire 1.4 generate: 'customMode false: only prompt'", idea(), {"request.wish": Described(prompt="a calm song")}),
    ("wire 1.4 generate: customMode false needs prompt", idea(prompt=""), {"prompt"}),
    ("wire 1.4 generate: 'style and title should be empty' in customMode false",
     idea(style="", title=""), {"request.wish": Described(prompt="a calm song"), "unknown_fields": ()}),
    ("wire 1.4 generate: style and title mean nothing in customMode false",
     idea(style="x", title="y"), {"unknown_fields": ("style", "title")}),
    ("wire 1.4 generate: 'customMode true: style and title'", song(style="", title=""), {"style", "title"}),
    ("wire 1.4 generate: 'prompt too unless instrumental'", song(prompt=None), {"prompt"}),
    ("wire 1.4 generate: 'prompt too unless instrumental' (instrumental)",
     song(prompt=None, instrumental=True), {"request.wish": Specified(title="T", style="jazz")}),
    ("wire 1.4 generate: 'prompt is then the literal lyrics'", song(), {"request.wish": SPECIFIED}),
    ("wire 1.2: simple prompt 500 characters (fits)", idea(prompt="x" * 500), {"request.tier": "v5"}),
    ("wire 1.2: simple prompt 500 characters", idea(prompt="x" * 501), {"prompt"}),
    ("wire 1.2: V3_5 prompt 3000", song(model="V3_5", prompt="x" * 3001), {"prompt"}),
    ("wire 1.2: V5 prompt 5000, style 1000, title 100",
     song(prompt="x" * 5000, style="x" * 1000, title="x" * 100), {"request.tier": "v5"}),
    ("wire 1.2: V4_5ALL", idea(model="V4_5ALL"), {"request.tier": "v4.5all"}),
    ("wire 1.2: V5_5", idea(model="V5_5"), {"request.tier": "v5.5"}),
    ("wire 1.2: V6", idea(model="V6"), {"request.tier": "v6"}),
    ("wire 1.2: V6_WILD", idea(model="V6_WILD"), {"request.tier": "v6-wild"}),
    ("wire 1.2: V6_MINI", idea(model="V6_MINI"), {"request.tier": "v6-mini"}),
    ("wire 9, row 4: V3_5 stays accepted", idea(model="V3_5"), {"request.tier": "v3.5"}),
    ("wire 1.2: an unknown model", idea(model="V9"), {"model"}),
    ("wire 1.3: duration on generate", song(duration=120), {"request.duration_s": 120.0}),
    ("wire 9, row 3: empty strings mean 'not given'",
     idea(negativeTags="", vocalGender="", callBackUrl="", styleWeight=""), {"request.avoid": ""}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "body", "expected"), GENERATE_ROWS, ids=[row[0] for row in GENERATE_ROWS]
)
def test_a_sentence_of_generate_holds(sentence, body, expected, holds):
    holds(decode_generate, body, expected)


def more_of(**more):
    return {"audioId": "a1", "defaultParamFlag": True, "model": "V5", "style": "jazz", "title": "T",
            "prompt": "[Verse]\nLa", "continueAt": 60, **more}  # fmt: skip


TRACK = SourceTake(take_id="a1")
EXTEND_ROWS = [
    ("wire 1.4 extend: defaultParamFlag*, audioId*, model* are required", {},
     {"defaultParamFlag", "audioId", "model"}),
    ("wire 1.4 extend: 'Takes audioId only'",
     more_of(), {"request.continuation": Continuation(source=TRACK, from_s=60.0), "operation": Operation.EXTEND}),
    ("wire 1.4 extend: 'flag true: continueAt, prompt, style, title'",
     more_of(continueAt="", prompt="", style="", title=""), {"continueAt", "prompt", "style", "title"}),
    ("wire 1.4 extend: 'flag false: nothing else'",
     {"audioId": "a1", "defaultParamFlag": False, "model": "V5"},
     {"request.wish": Inherited(), "request.continuation": Continuation(source=TRACK)}),
    ("wire 9, row 15: the inherit form without a prompt",
     {"audioId": "a1", "defaultParamFlag": False, "model": "V5", "prompt": ""}, {"request.wish": Inherited()}),
    ("wire 1.4 extend: 'continueAt > 0'", more_of(continueAt=0), {"continueAt"}),
    ("wire 1.4 extend: 'with instrumental true, prompt and vocalGender should be left out'",
     more_of(instrumental=True, prompt=None), {"request.wish": Specified(title="T", style="jazz"),
                                               "request.voice": Voice.NOBODY}),
    ("wire 1.4 extend: words in lines are sung", more_of(),
     {"request.wish": Specified(title="T", style="jazz", lyrics="[Verse]\nLa")}),
    ("wire 1.4 extend: one line describes", more_of(prompt="Extend the music with more relaxing notes"),
     {"request.wish": Specified(title="T", style="jazz", description="Extend the music with more relaxing notes")}),
    ("wire 7, row 12: model must match source: warn, do not fail", more_of(model="V4"), {"request.tier": "v4"}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), EXTEND_ROWS, ids=[row[0] for row in EXTEND_ROWS])
def test_a_sentence_of_extend_holds(sentence, body, expected, holds):
    holds(decode_extend, body, expected)


LYRICS_ROWS = [
    ("wire 1.4 lyrics: 'prompt*'", {"prompt": "the sea"},
     {"request.wish": Described(prompt="the sea"), "operation": Operation.LYRICS, "request.take_count": 2}),
    ("wire 1.4 lyrics: prompt is required", {}, {"prompt"}),
    ("wire 1.4 lyrics: '<= 200 words'", {"prompt": "la " * 200}, {"operation": Operation.LYRICS}),
    ("wire 1.4 lyrics: '<= 200 words', more", {"prompt": "la " * 201}, {"prompt"}),
    ("wire 1.4 lyrics: 'callBackUrl*'", {"prompt": "the sea", "callBackUrl": "https://a.example/cb"},
     {"callback_url": "https://a.example/cb"}),
    ("seed-001: callBackUrl, 'alternatively ... poll task status'", {"prompt": "the sea"}, {"callback_url": None}),
    ("ours: seed", {"prompt": "the sea", "seed": 7}, {"request.seed": 7}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), LYRICS_ROWS, ids=[row[0] for row in LYRICS_ROWS])
def test_a_sentence_of_lyrics_holds(sentence, body, expected, holds):
    holds(decode_lyrics, body, expected)


def test_a_prompt_of_too_many_words_is_told_as_too_long():
    with pytest.raises(Malformed) as refusal:
        decode_lyrics({"prompt": "la " * 201})
    assert refusal_body(refusal.value)[1]["code"] == quirks.TOO_LONG_CODE


FILE_ROWS = [
    ("wire 1.4 files: base64Data raw", decode_base64_upload, {"base64Data": "QUJD", "uploadPath": "audio"},
     FileOrder(content="QUJD", folder="audio", name="")),
    ("wire 1.4 files: base64Data as data URL", decode_base64_upload,
     {"base64Data": "data:audio/wav;base64,QUJD", "uploadPath": "audio", "fileName": "a.wav"},
     FileOrder(content="data:audio/wav;base64,QUJD", folder="audio", name="a.wav")),
    ("wire 9, row 11: accept {file}", decode_base64_upload, {"file": "QUJD"},
     FileOrder(content="QUJD", folder="", name="")),
    ("wire 1.4 files: fileUrl", decode_url_upload, {"fileUrl": URL, "uploadPath": "a/b"},
     FileOrder(content=URL, folder="a/b", name="")),
    ("wire 9, row 11: accept {url}", decode_url_upload, {"url": URL}, FileOrder(content=URL, folder="", name="")),
    ("wire 1.4 files: uploadPath 'no leading/trailing slash' (taken off)", decode_url_upload,
     {"fileUrl": URL, "uploadPath": "/a/b/"}, FileOrder(content=URL, folder="a/b", name="")),
    ("wire 1.4 files: multipart, the texts", decode_stream_upload, {"uploadPath": "a", "fileName": "b.mp3"},
     FileOrder(content="", folder="a", name="b.mp3")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "decode", "body", "order"), FILE_ROWS, ids=[row[0] for row in FILE_ROWS]
)
def test_a_sentence_of_the_file_routes_holds(sentence, decode, body, order):
    assert decode(body) == order


@pytest.mark.parametrize(
    ("decode", "body", "faults"),
    [
        (decode_base64_upload, {"uploadPath": "a"}, {"base64Data"}),
        (decode_url_upload, {"uploadPath": "a"}, {"fileUrl"}),
        (decode_url_upload, {"fileUrl": "file:///etc/passwd"}, {"fileUrl"}),
        (decode_url_upload, {"fileUrl": URL, "uploadPath": "../x"}, {"uploadPath"}),
        (decode_url_upload, {"fileUrl": URL, "uploadPath": "a\\..\\b"}, {"uploadPath"}),
        (decode_stream_upload, {"fileName": "../../x"}, {"fileName"}),
        (decode_stream_upload, {"fileName": "a\r\nb"}, {"fileName"}),
    ],
)
def test_a_file_route_names_what_is_wrong(decode, body, faults, holds):
    holds(decode, body, faults)


@pytest.mark.parametrize("body", ["request_seed-002_curl", "request_generate", "request_extend"])
def test_every_example_of_the_pages_is_accepted_whole(body, fixture):
    decode = {"request_seed-002_curl": decode_upload_extend, "request_generate": decode_generate}
    accepted = decode.get(body, decode_extend)(fixture(f"sunoapi/{body}"))
    assert accepted.unknown_fields == ()
    assert accepted.wire_body == fixture(f"sunoapi/{body}")


def test_the_longest_upload_is_8_minutes_and_1_minute_for_v4_5all():  # seed-002, wire-contracts 1.12
    limits = {name: tier.longest_source_s for name, tier in TIERS.items()}
    assert limits.pop("v4.5all") == quirks.UPLOAD_LIMIT_V4_5ALL_S
    assert set(limits.values()) == {quirks.UPLOAD_LIMIT_S}
