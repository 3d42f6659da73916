"""One test event to a URL: what a receiver sees of us, without a task."""

from __future__ import annotations

import time
from dataclasses import dataclass

import orjson

from cadenza.domain.clock import Clock
from cadenza.domain.ids import new_id
from cadenza.notify.delivery import AttemptRecord
from cadenza.notify.plan import Delivered, after_attempt
from cadenza.notify.signing import standard_headers
from cadenza.outbound.client import Outbound
from cadenza.tasks.ports import Store
from cadenza.tasks.records import Account

TEST_TYPE = "task.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Sends test events. Nothing of them is stored, except that a good answer re-enables the endpoint."""

    store: Store
    outbound: Outbound
    clock: Clock

    def send(self, account: Account, url: str) -> AttemptRecord:
        """Post one signed event, once, and return what became of it; blocks for 15 s at most.

        Raises ``Malformed`` where the URL is not one that callbacks can go to.
        """
        self.outbound.check_callback(url)
        event_id, started_at, started_s = new_id("msg"), self.clock.now(), time.monotonic()
        body = orjson.dumps({"type": TEST_TYPE, "sent_at": started_at.isoformat()})
        headers = {
            "content-type": "application/json",
            "x-cadenza-sequence": "0",
            **standard_headers(event_id, body, started_at, account.signing_secrets(started_at)),
        }
        outcome = self.outbound.post(url, body, headers)
        made = AttemptRecord(
            event_id=event_id,
            attempt=1,
            started_at=started_at,
            ended_at=self.clock.now(),
            elapsed_ms=round((time.monotonic() - started_s) * 1000),
            outcome=outcome,
        )
        if is_delivered(made):
            self.store.write(lambda books: books.callbacks.enable(account.id, url))
        return made


def is_delivered(made: AttemptRecord) -> bool:
    """Answer whether the receiver took the event."""
    return after_attempt(made.attempt, made.outcome, made.ended_at, event_id=made.event_id) == Delivered()
