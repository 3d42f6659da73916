"""Finding a task for its owner: an id of another account looks like one that never was."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from cadenza.domain.errors import NotFound
from cadenza.domain.task import TaskView
from cadenza.web.endpoint import Call, reply
from cadenza.web.freshness import has, not_modified, task_tag

_LONGEST_ID = 200


def may_be_id(text: str) -> bool:
    """Answer whether a text from a URL can be an id at all; PostgreSQL does not even take a NUL in one."""
    return 0 < len(text) <= _LONGEST_ID and text.isascii() and text.isprintable()


async def find_task(call: Call, task_id: str) -> TaskView:
    """Return the caller's task. Raises ``NotFound``."""
    if not may_be_id(task_id):
        raise NotFound("task")
    view = await call.services.read(lambda books: books.tasks.view(task_id, account_id=call.account_id))
    if view is None:
        raise NotFound("task")
    return view


async def told_task(call: Call, task_id: str, tell: Callable[[TaskView], object]) -> Response:
    """Return the caller's task as ``tell`` says it, or 304 where the caller has it. Raises ``NotFound``."""
    public_url = call.services.links.public_url
    if call.request.headers.get("if-none-match") and may_be_id(task_id):
        version = await call.services.read(
            lambda books: books.tasks.version(task_id, account_id=call.account_id)
        )
        if version is not None and has(call.request, tag := task_tag(public_url, *version)):
            return not_modified(tag)
    view = await find_task(call, task_id)
    tag = task_tag(public_url, view.state_changed_seq, view.progress.queue_place)
    return reply(tell(view), headers={"etag": tag})


async def balance(call: Call) -> int:
    """Return the caller's credits."""
    return await call.services.read(lambda books: books.ledger.balance(call.account_id))
