"""Where sunoapi.org's and kie.ai's pages contradict each other: each choice by its name.

The lenient reading holds: what any of the pages accepts is accepted.
"""

from __future__ import annotations

# One page: "Ensure the uploaded audio does not exceed 2 minutes in length." The other: "ensure
# uploaded audio does not exceed 8 minutes." The longer one; the table of tiers has 1 minute for
# V4_5ALL, which its own page names.
UPLOAD_LIMIT_S = 480.0
UPLOAD_LIMIT_V4_5ALL_S = 60.0

# "Set to false to use non-custom mode (only uploadUrl required)" against "only uploadUrl and
# prompt are required" (and clients that send continueAt as well): only uploadUrl.
FLAG_FALSE_NEEDS_PROMPT = False
FLAG_FALSE_NEEDS_CONTINUE_AT = False

# "continueAt ... Required when defaultParamFlag is true." The other page describes it among the
# custom parameters without naming it required; silence is no contradiction.
CONTINUE_AT_REQUIRED_WHEN_FLAG_TRUE = True

# "prompt ... Required when defaultParamFlag is true" against "If true [instrumental]: only style,
# title, and uploadUrl are required": not for an instrumental, where it describes the extension.
PROMPT_REQUIRED_WHEN_INSTRUMENTAL = False

# upload-extend: "prompt will be used as exact lyrics when instrumental is false". The page of
# /generate/extend has only "Description of how the music should be extended": there the prompt is
# sung where it looks like words to sing (several lines or section marks), else it describes.
EXTEND_PROMPT_IS_LYRICS_ONLY_IF_IT_LOOKS_SO = True

# The limits of the prompt stand "when defaultParamFlag is true"; none is given for false, and the
# 500 characters of simple mode belong to /generate. There it may be as long as lyrics may.
INHERIT_PROMPT_AS_LONG_AS_LYRICS = True

# add-vocals and add-instrumental: the model is optional, V4_5PLUS by default. No sentence says whether
# the prompt of add-vocals is words or a description: it is told apart as on /generate/extend.
OVERLAY_DEFAULT_MODEL = "V4_5PLUS"
OVERLAY_PROMPT_IS_LYRICS_ONLY_IF_IT_LOOKS_SO = True

# /api/v1/lyrics: "prompt" has at most 200 words, no length in characters is given; 5000 as lyrics have.
LYRICS_MOST_WORDS = 200

# "callBackUrl" is listed as required, but "alternatively, you can ... poll task status".
CALLBACK_URL_REQUIRED = False

# Newer pages: duration is a whole number "10..360", with V5_5 and V6 in custom mode only. One engine
# serves all names, so every model and mode may have it.
SHORTEST_DURATION_S, LONGEST_DURATION_S = 10, 360

# "Model strings must be exact" against programs with V5.5, v5 or chirp-v5: all are understood. And
# "Model version must be consistent with the source music" is not checked: one engine serves them all.
MODEL_NAMES_EXACT = False

# "429 - Insufficient credits" (older pages and both upload-extend pages) against 402 and 429 as
# a rate limit on newer ones: the older set, on every path.
CREDITS_CODE = 429

# "405 - Rate limit exceeded" and "430 - Your call frequency is too high. Please try again later"
# stand side by side; 430 is what the programs and the other pages of the family know.
RATE_LIMIT_CODE = 430

# "413 - Theme or prompt too long": only if every fault is a length; with other faults beside it 400.
TOO_LONG_CODE = 413

# The codes stand in a table under HTTP 200; only 500 has an HTTP entry of its own. The HTTP status
# can be made to equal the code by a setting.
MIRROR_STATUS_BY_DEFAULT = False
STATUS_OF_SERVER_ERROR = 500

# record-info: "type" is an upstream model name in the schema and "GENERATE" in the example.
TYPE_IS_UPSTREAM_NAME = True
