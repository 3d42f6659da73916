"""The routes of the crun dialect."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from cadenza.dialects.crun import decode, encode
from cadenza.domain.scopes import Scope
from cadenza.domain.task import Dialect
from cadenza.domain.tiers import TIERS, price
from cadenza.web.creating import create
from cadenza.web.endpoint import Call, Frontage, reply
from cadenza.web.lookup import balance, told_task


def routes(crun: Frontage) -> list[Route]:
    """Return the routes; paths and methods as in the documents."""
    return [
        Route("/api/v1/client/job/CreateTask", crun(create_task, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/client/job/TaskInfo", crun(task_info, Scope.READ), methods=["GET"]),
        Route("/api/v1/client/job/estimate-credits", crun(estimate_credits, Scope.CREATE), methods=["POST"]),
        Route("/api/v1/client/account/balance", crun(account_balance, Scope.READ), methods=["GET"]),
    ]


async def create_task(call: Call) -> Response:
    """POST CreateTask."""
    return await create(call, decode.decode_create_task, encode.created)


async def task_info(call: Call) -> Response:
    """GET TaskInfo."""
    return await told_task(call, call.request.query_params.get("task_id", ""), encode.task_info)


async def estimate_credits(call: Call) -> Response:
    """POST estimate-credits: the price of a CreateTask body."""
    request = decode.decode_create_task(await call.json()).request
    credits = price(TIERS[request.tier], Dialect.CRUN, take_count=request.take_count)
    return reply(encode.estimate(credits))


async def account_balance(call: Call) -> Response:
    """GET balance."""
    return reply(encode.balance(await balance(call)))
