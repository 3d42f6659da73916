"""The fields of sunoapi.org's and kie.ai's requests, each with its sentence."""

from __future__ import annotations

from cadenza.dialects.fields import Field, Table
from cadenza.dialects.kinds import Choice, Flag, Hundredths, Model, Seconds, Text, Url, Whole
from cadenza.dialects.meaning import SEED
from cadenza.dialects.sunoapi import quirks
from cadenza.domain.request import Voice
from cadenza.domain.task import Dialect
from cadenza.domain.tiers import NAMES

CUSTOM_MODE = Field(
    "customMode",
    Flag(),
    "True: style, title and, unless instrumental, prompt (the words) are needed. False: a prompt only.",
    required=True,
)
DEFAULT_PARAM_FLAG = Field(
    "defaultParamFlag",
    Flag(),
    "True: custom parameters (style, title, continueAt and, unless instrumental, prompt are needed). "
    "False: all parameters come from the source.",
    required=True,
)
INSTRUMENTAL = Field("instrumental", Flag(), "True for music without a voice.", default=False)
INSTRUMENTAL_NEEDED = Field("instrumental", Flag(), "True for music without a voice.", required=True)
MODEL = Field(
    "model",
    Model(tuple(NAMES[Dialect.SUNOAPI]), exact=quirks.MODEL_NAMES_EXACT),
    "Model version; it sets the text limits.",
    required=True,
)
PROMPT = Field(
    "prompt",
    Text(5000),
    "Custom mode with a voice: the exact words to sing. Else: a description. At most 3000 characters "
    "with V3_5 and V4, 5000 with later models, 500 in non-custom mode of /generate.",
)
LYRICS = Field("lyrics", Text(5000), "Custom mode: the exact words to sing; wins over prompt.")
STYLE = Field("style", Text(1000), "Music style. At most 200 characters with V3_5 and V4.")
TITLE = Field("title", Text(100), "Music title. At most 80 characters with V3_5, V4 and V4_5ALL.")
NEGATIVE_TAGS = Field("negativeTags", Text(1000), "Styles and instruments to keep out.")
VOCAL_GENDER = Field(
    "vocalGender",
    Choice({"m": Voice.MALE, "f": Voice.FEMALE}, also={"male": Voice.MALE, "female": Voice.FEMALE}),
    "Preferred voice.",
)
STYLE_WEIGHT = Field("styleWeight", Hundredths(), "Weight of the style guidance.")
WEIRDNESS = Field("weirdnessConstraint", Hundredths(), "How far the music may leave the expected.")
AUDIO_WEIGHT = Field("audioWeight", Hundredths(), "Weight of the source's sound.")
PERSONA_ID = Field("personaId", Text(200), "Accepted for compatibility; there are no personas here.")
PERSONA_MODEL = Field(
    "personaModel",
    Choice({"style_persona": "style_persona", "voice_persona": "voice_persona"}),
    "Accepted for compatibility; there are no personas here.",
)
VARIETY = Field("variety", Whole(0, 4), "Accepted for compatibility; the takes always differ.")
DURATION = Field(
    "duration",
    Whole(quirks.SHORTEST_DURATION_S, quirks.LONGEST_DURATION_S),
    "Length in seconds of the song, or of the new part of an extension.",
)
UPLOAD_URL = Field("uploadUrl", Url(), "The recording to continue.", required=True)
AUDIO_ID = Field("audioId", Text(200), "The track to continue.", required=True)
CONTINUE_AT = Field(
    "continueAt",
    Seconds(),
    "The second to go on from: greater than 0 and less than the source's duration. Needed when "
    "defaultParamFlag is true; the end of the source if absent otherwise.",
)
CALLBACK_URL = Field(
    "callBackUrl",
    Text(8192),
    "Where to send the stages of the task.",
    required=quirks.CALLBACK_URL_REQUIRED,
)

_SHARED: Table = (MODEL, PROMPT, LYRICS, STYLE, TITLE, NEGATIVE_TAGS, VOCAL_GENDER, STYLE_WEIGHT, WEIRDNESS,
                  AUDIO_WEIGHT, PERSONA_ID, PERSONA_MODEL, VARIETY, DURATION, CALLBACK_URL, SEED)  # fmt: skip

GENERATE: Table = (CUSTOM_MODE, INSTRUMENTAL_NEEDED, *_SHARED)
EXTEND: Table = (AUDIO_ID, DEFAULT_PARAM_FLAG, CONTINUE_AT, INSTRUMENTAL, *_SHARED)
UPLOAD_EXTEND: Table = (UPLOAD_URL, DEFAULT_PARAM_FLAG, CONTINUE_AT, INSTRUMENTAL, *_SHARED)

# Singing over a recording, or accompanying it. Their pages name three models and have a default.
OVERLAY_MODEL = Field(
    "model",
    Model(("V4_5PLUS", "V5", "V5_5"), exact=quirks.MODEL_NAMES_EXACT),
    f"Model version; it sets the text limits. {quirks.OVERLAY_DEFAULT_MODEL} if absent.",
)
SUNG_URL = Field("uploadUrl", Url(), "The recording to sing over; it stays whole.", required=True)
ACCOMPANIED_URL = Field("uploadUrl", Url(), "The recording to accompany; it stays whole.", required=True)
SUNG_PROMPT = Field(
    "prompt",
    Text(5000),
    "Several lines or section marks: the exact words to sing. One line: what the words shall be about.",
    required=True,
)
OVERLAY_TITLE = Field("title", TITLE.kind, TITLE.doc, required=True)
OVERLAY_STYLE = Field("style", STYLE.kind, "How it is sung.", required=True)
OVERLAY_TAGS = Field("tags", STYLE.kind, "Style and instruments of the accompaniment.", required=True)
OVERLAY_NEGATIVE_TAGS = Field("negativeTags", NEGATIVE_TAGS.kind, NEGATIVE_TAGS.doc, required=True)

_OVERLAY: Table = (OVERLAY_MODEL, OVERLAY_TITLE, OVERLAY_NEGATIVE_TAGS, VOCAL_GENDER, STYLE_WEIGHT, WEIRDNESS,
                   AUDIO_WEIGHT, CALLBACK_URL, SEED)  # fmt: skip
ADD_VOCALS: Table = (SUNG_URL, SUNG_PROMPT, OVERLAY_STYLE, *_OVERLAY)
ADD_INSTRUMENTAL: Table = (ACCOMPANIED_URL, OVERLAY_TAGS, *_OVERLAY)

LYRICS_PROMPT = Field(
    "prompt",
    Text(5000),
    f"What the words shall be about, in at most {quirks.LYRICS_MOST_WORDS} words.",
    required=True,
)
WORDS_ALONE: Table = (LYRICS_PROMPT, CALLBACK_URL, SEED)

TASK_ID = Field("taskId", Text(200), "The task whose track is meant.", required=True)
ANY_AUDIO_ID = Field("audioId", Text(200), "The track.")
MUSIC_INDEX = Field(
    "musicIndex",
    Whole(0, 3),
    "The track's place, 0 for the first; used only where audioId is absent or unknown.",
)
TIMESTAMPED: Table = (TASK_ID, ANY_AUDIO_ID, MUSIC_INDEX)

# The file routes. Base64 text is as long as the web layer's body limit lets it be.
UPLOAD_PATH = Field("uploadPath", Text(500), "Folder of the file, without leading or trailing slash.")
FILE_NAME = Field("fileName", Text(255), "Name of the file; the same name overwrites.")
BASE64_DATA = Field(
    "base64Data", Text(2**31), "The file as base64, bare or as a data URL.", required=True, also=("file",)
)
FILE_URL = Field("fileUrl", Url(), "Where the file is fetched from.", required=True, also=("url",))
BASE64_UPLOAD: Table = (BASE64_DATA, UPLOAD_PATH, FILE_NAME)
URL_UPLOAD: Table = (FILE_URL, UPLOAD_PATH, FILE_NAME)
STREAM_UPLOAD: Table = (UPLOAD_PATH, FILE_NAME)
STREAM_FILE_FIELDS = ("file",)  # names of the part of multipart/form-data that holds the file
