"""How long files are kept: request bodies, replies, and the routes for the API description."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cadenza.dialects.describing import Parameter, Route
from cadenza.dialects.fields import Field, Table, openapi_schema, read
from cadenza.dialects.kinds import Flag
from cadenza.dialects.native.encode import task
from cadenza.dialects.native.errors import MEDIA_TYPE
from cadenza.dialects.telling import Json
from cadenza.domain.task import TaskView

# Makes the replies of a route: its own, and the refusals that every route shares.
Replies = Callable[[int, Mapping[str, Json]], Mapping[int, Mapping[str, Json]]]
PINNED = Field(
    "pinned", Flag(), "True: the files are kept without end. False: for their usual time.", required=True
)
PIN: Table = (PINNED,)
_TASK_ID = Parameter(name="task_id", doc="The task.", place="path")


def decode_pin(body: object) -> bool:
    """Return what POST /v1/tasks/{id}/pin asks for. Raises ``Malformed``."""
    reading = read(PIN, body)
    reading.settle()
    return reading.flag(PINNED)


def deleted_upload(upload_id: str) -> Json:
    """Return the reply to DELETE /v1/uploads/{id}."""
    return {"id": upload_id, "object": "upload", "deleted": True}


def describe_delete(ended: TaskView, replies: Replies) -> Route:
    """Describe DELETE /v1/tasks/{id}."""
    gone = {**task(ended), "files_deleted": True}
    return Route(
        method="delete",
        path="/v1/tasks/{task_id}",
        name="deleteTaskFiles",
        summary="Delete the files of a task that has ended; its record stays",
        error_media=MEDIA_TYPE,
        parameters=(_TASK_ID,),
        replies=replies(200, {"deleted": gone}),
    )


def describe_pin(ended: TaskView, replies: Replies) -> Route:
    """Describe POST /v1/tasks/{id}/pin."""
    pinned = {**task(ended), "pinned": True, "expires_at": None}
    return Route(
        method="post",
        path="/v1/tasks/{task_id}/pin",
        name="pinTask",
        summary="Keep the files of a task that has ended without end, or for their usual time again",
        error_media=MEDIA_TYPE,
        parameters=(_TASK_ID,),
        request=openapi_schema(PIN),
        requests={"pin": {"pinned": True}, "unpin": {"pinned": False}},
        replies=replies(200, {"pinned": pinned, "usual time": task(ended)}),
    )


def describe_delete_upload(upload_id: str, replies: Replies) -> Route:
    """Describe DELETE /v1/uploads/{id}."""
    return Route(
        method="delete",
        path="/v1/uploads/{upload_id}",
        name="deleteUpload",
        summary="Delete a recording that was left here",
        error_media=MEDIA_TYPE,
        parameters=(Parameter(name="upload_id", doc="The upload.", place="path"),),
        replies=replies(200, {"deleted": deleted_upload(upload_id)}),
    )
