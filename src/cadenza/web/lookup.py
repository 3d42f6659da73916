"""Finding a task for its owner: an id of another account looks like one that never was."""

from __future__ import annotations

from cadenza.domain.errors import NotFound
from cadenza.domain.task import TaskView
from cadenza.web.endpoint import Call

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


async def balance(call: Call) -> int:
    """Return the caller's credits."""
    return await call.services.read(lambda books: books.ledger.balance(call.account_id))
