"""Where apiin.one's pages are silent or differ from each other: each choice by its name."""

from __future__ import annotations

# "model" of /audio/music: "default is 3.5" in both naming eras.
DEFAULT_MODEL = "suno-v3-5"

# "gpt_description_prompt (<= 400)": the inspiration mode's own limit, below the family's 500.
INSPIRATION_LIMIT = 400

# "title (80)" for every model, where other pages of the family have 100 from v4.5 on.
TITLE_LIMIT = 80

# No page names what the custom mode of /audio/music needs. A prompt is sung if a style or title
# stands beside it or it looks like words to sing; a prompt alone in one line is a description.
PROMPT_ALONE_MAY_DESCRIBE = True

# Extend: "New lyrics or description for the extension": words to sing come in several lines or
# under section marks.
EXTEND_PROMPT_MAY_DESCRIBE = True

# "Missing extend_audio_index, origin_task_id is invalid, or original audio is not completed yet"
# is 400: an unknown task is 400 when creating, 404 when reading.
UNKNOWN_SOURCE_STATUS = 400
UNFINISHED_SOURCE_STATUS = 400

# "data.type SUCCESS at the end": the other values are printed nowhere.
TYPE_BEFORE_TEXT = "PENDING"
TYPE_WITH_TEXT = "TEXT_SUCCESS"
TYPE_WITH_FIRST_TRACK = "FIRST_SUCCESS"
TYPE_OF_FAILURE = "FAILED"
