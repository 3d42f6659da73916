"""Where crun.ai's pages are silent, differ, or are read leniently: each choice by its name."""

from __future__ import annotations

# The pages say what each mode needs and recommend to "start with mode=simple"; none says what a
# request without a mode means. It means simple mode.
DEFAULT_MODE = "simple"

# The rules name "model=v4" and every example sends "v5"; none says that input.model is required.
DEFAULT_MODEL = "v5"

# "model=v4: tags max length is 200 and lyrics max length is 3000": the pages give no limit to the
# simple prompt, so it may be as long as lyrics may (sunoapi's 500 is not crun's word).
SIMPLE_PROMPT_AS_LONG_AS_LYRICS = True

# "mode=custom: continue_at, title and tags are required", while the simple example sends
# continue_at without naming it required: there it may be missing and means the end of the source.
CONTINUE_AT_REQUIRED_IN_CUSTOM_MODE = True
CONTINUE_AT_REQUIRED_IN_SIMPLE_MODE = False

# "Callback payloads structure is consistent with the data object returned by the task status
# query": the bare data object, without code and message around it.
CALLBACK_IS_BARE_DATA = True

# "It returns an HTTP 200 status code upon successful receipt" and a table of body codes: business
# errors come as HTTP 200 with the code in the body, or with the same HTTP status by a setting.
MIRROR_STATUS_BY_DEFAULT = False

# A page for extending an existing track exists without its fields; these names are inferred from
# the other pages (task_id and suno_id of a finished task).
EXTEND_MODEL = "suno/music-extend"
