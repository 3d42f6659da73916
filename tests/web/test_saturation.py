"""OV-01, in short: work goes on at the same pace whatever more is asked for. Long: benchmarks/overload.py."""

from __future__ import annotations

import asyncio

import psutil

from cadenza.domain.task import TaskState
from cadenza.stores.schema import tasks

NATIVE = ("POST", "/v1/tasks", {"prompt": "rain"})
MIB = 1 << 20


def finish(house, count):
    """Let a worker take so many tasks off the queue: there is room for as many."""
    with house.engine.begin() as connection:
        queued = tasks.select().where(tasks.c.state == TaskState.QUEUED.value).limit(count)
        ids = [row.id for row in connection.execute(queued)]
        connection.execute(
            tasks.update()
            .where(tasks.c.id.in_(ids))
            .values(state=TaskState.COMPLETE.value, finished_at_ms=1, started_at_ms=1)
        )
    house.clock.advance(1)
    return len(ids)


def test_ov_01_ten_times_what_can_be_done_is_refused_shortly_and_the_work_goes_on(sqlite_house, tried):
    """A worker does five tasks a round, fifty are asked for: five are accepted, round after round."""
    key = sqlite_house.caller("me", credits=100_000)
    rounds, done_each, asked_each = 12, 5, 50

    async def overload(send):
        done, accepted, refused, sizes = 0, 0, [], []
        for _ in range(rounds):
            answers = await asyncio.gather(*(send(*NATIVE) for _ in range(asked_each)))
            accepted += sum(answer.status_code == 201 for answer in answers)
            refused += [answer for answer in answers if answer.status_code != 201]
            done += finish(sqlite_house, done_each)
            sizes.append(psutil.Process().memory_info().rss)
        status = await send("GET", "/v1/account")
        return done, accepted, refused, sizes, status

    done, accepted, refused, sizes, status = sqlite_house.drive(key, overload, CADENZA_QUEUE_LIMIT="20")
    assert done == rounds * done_each  # nothing that could be done was left undone
    assert accepted <= 20 + done
    assert accepted >= done
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert sqlite_house.count(tasks) == accepted  # what is refused leaves nothing behind
    assert sizes[-1] - sizes[rounds // 2] < 32 * MIB
    assert status.status_code == 200
    tried(rounds * asked_each)


def test_ov_01_no_account_has_more_than_its_share_of_the_work(sqlite_house):
    """Nineteen of twenty requests come from one account; of twelve accounts it has a twelfth of the work."""
    greedy = sqlite_house.caller("greedy", credits=10_000)
    others = [sqlite_house.caller(f"c{number}") for number in range(11)]

    async def all_of_them(send):
        for _ in range(40):
            await send(*NATIVE, {"x-api-key": greedy})
        made = []
        for key in others:
            sqlite_house.clock.advance(0.001)
            made.append((key, await send(*NATIVE, {"x-api-key": key})))
        return [
            (await send("GET", f"/v1/tasks/{one.json()['id']}", None, {"x-api-key": key})).json()
            for key, one in made
        ]

    told = sqlite_house.drive("", all_of_them)
    assert [task["progress"]["queue_place"] for task in told] == list(range(2, 13))
