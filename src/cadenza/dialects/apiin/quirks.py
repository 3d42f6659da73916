"""Where apiin.one's pages are silent or differ from each other: each choice by its name."""

from __future__ import annotations

# "model" of /audio/music: "default is 3.5" in both naming eras.
DEFAULT_MODEL = "suno-v3-5"

# "gpt_description_prompt (<= 400)": the inspiration mode's own limit, below the family's 500.
INSPIRATION_LIMIT = 400

# "title (80)" for every model, where other pages of the family have 100 from v4.5 on.
TITLE_LIMIT = 80

# The generate page describes ``tags`` as tags to avoid, the extend page as "Additional tags for
# the extension": each route keeps its own meaning.
TAGS_ARE_AVOIDED_BY_GENERATE = True
TAGS_ARE_ADDED_BY_EXTEND = True

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
TYPES_BEFORE_THE_END = ("PENDING", "TEXT_SUCCESS", "FIRST_SUCCESS")
TYPE_OF_FAILURE = "FAILED"

# The callback's body is printed nowhere: the feed's reply with both spellings of the task id.
CALLBACK_IS_LIKE_FEED = True

# No page gives a balance route or an upload length; the family's longest upload holds.
UPLOAD_LIMIT_S = 480.0
