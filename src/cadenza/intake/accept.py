"""Accepting a request: what it continues, whether it can be done, what it costs, and one transaction.

Runs inside ``Store.write``: the task, its hold and its job commit together, or nothing does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from cadenza import crash
from cadenza.domain.abilities import Abilities
from cadenza.domain.clock import Clock
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Fault, Malformed, Unsupported
from cadenza.domain.ids import new_seed, new_task_id
from cadenza.domain.links import Links
from cadenza.domain.request import GenerationRequest, SourceUrl
from cadenza.domain.task import Accepted, Dialect, Operation, TaskView
from cadenza.domain.tiers import LYRICS_PRICE, TIERS, Tier, price
from cadenza.intake.admission import Admission
from cadenza.intake.source import Resolved, resolve
from cadenza.tasks.keys import Principal
from cadenza.tasks.ports import Books

# Raises ``Malformed`` for a source URL that can never be fetched, before anything is dialled.
UrlCheck = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Accepts requests for one engine."""

    engine_name: str
    abilities: Abilities
    clock: Clock
    check_url: UrlCheck
    links: Links
    admission: Admission

    def accept(
        self, books: Books, principal: Principal, accepted: Accepted, *, request_id: str | None = None
    ) -> TaskView:
        """Hold the price, take it from the key's budget, store the task and enqueue its job.

        Raises
        ------
        Refused
            Any leaf of it: the request is wrong, impossible, too much or cannot be paid. Nothing is written.
        Unavailable
            The queue is full. Nothing is written.
        """
        accepted = self._with_seed(accepted)
        self._check_url(accepted.request)
        resolved = resolve(books, principal.account_id, accepted, links=self.links, now=self.clock.now())
        request = resolved.accepted.request
        tier = TIERS[request.tier]
        is_words = accepted.operation is Operation.LYRICS
        if not is_words:  # no engine writes them
            self._check_abilities(request, tier)
        self.admission.admit(books, principal)
        credits = LYRICS_PRICE if is_words else _price(tier, accepted.dialect, request)
        return self._store(books, principal, resolved, credits, request_id)

    def _with_seed(self, accepted: Accepted) -> Accepted:
        if accepted.request.seed is not None:
            return accepted
        request = dataclasses.replace(accepted.request, seed=new_seed())
        return dataclasses.replace(accepted, request=request)

    def _check_url(self, request: GenerationRequest) -> None:
        if request.continuation is not None and isinstance(request.continuation.source, SourceUrl):
            self.check_url(request.continuation.source.url)

    def _check_abilities(self, request: GenerationRequest, tier: Tier) -> None:
        if request.continuation is not None and not self.abilities.continues_audio:
            raise Unsupported(f"The engine {self.engine_name} cannot continue recordings.")
        if request.continuation is None and not self.abilities.makes_songs:
            raise Unsupported(f"The engine {self.engine_name} cannot make new songs.")
        longest_s = min(tier.longest_song_s, self.abilities.longest_s)
        if request.duration_s is not None and request.duration_s > longest_s:
            raise Malformed(
                Fault(
                    "duration",
                    f"is above the {longest_s:g} s of this model",
                    limit=longest_s,
                    actual=request.duration_s,
                )
            )

    def _store(
        self, books: Books, principal: Principal, resolved: Resolved, credits: int, request_id: str | None
    ) -> TaskView:
        task_id, account_id = new_task_id(), principal.account_id
        note = resolved.accepted.operation.value
        turn = books.tasks.next_turn(account_id)
        books.ledger.append(account_id, EntryKind.HOLD, credits, task_id=task_id, note=note)
        crash.here("after_hold")
        if principal.key.budget is not None:  # after the hold, which locks the account: always in this order
            books.accounts.spend(principal.key.budget.id, credits)
        view = books.tasks.add(
            task_id,
            account_id,
            resolved.accepted,
            credits=credits,
            engine=self.engine_name,
            parent_take_id=resolved.parent_take_id,
            turn=turn,
            request_id=request_id,
            key_id=principal.key_id,
        )
        crash.here("after_task_insert")
        books.jobs.render(task_id, turn=turn)
        return view


def _price(tier: Tier, dialect: Dialect, request: GenerationRequest) -> int:
    return price(tier, dialect, take_count=request.take_count, seam_only=request.seam_only)
