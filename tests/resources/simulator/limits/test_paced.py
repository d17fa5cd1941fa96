import asyncio
from datetime import timedelta

from starlette.types import Message, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.limits.limiter import Limiter, Rules
from resources.simulator.limits.paced import Paced
from tests.resources.simulator.conftest import EVENING, Desk, make_desk


def strict(rules: Rules | None = None) -> Desk:
    return make_desk(positions=3, limiter=Limiter(rules or Rules()))


def broken(desk: Desk) -> list[str]:
    assert desk.simulation.limiter is not None
    return [offence.request for offence in desk.simulation.limiter.offences]


def test_a_broken_limit_is_an_empty_429_and_fifteen_minutes_of_them() -> None:
    desk = strict()
    assert [desk.client.get("/portfolio/accounts").status for _ in range(2)] == [200, 429]
    answer = desk.client.post("/tickle")
    assert (answer.status, answer.body) == (429, b"")
    assert "x-response-time" in answer.headers
    assert not [name for name in answer.headers if "retry" in name or "ratelimit" in name]
    desk.later(minutes=15)
    assert desk.client.get("/portfolio/accounts").status == 200


def test_a_429_may_carry_an_error_object() -> None:
    desk = strict(Rules(worded=True))
    desk.client.get("/portfolio/accounts")
    assert set(desk.client.get("/portfolio/accounts").json) == {"error"}


def test_both_prefixes_and_a_trailing_slash_are_the_same_endpoint() -> None:
    desk = strict()
    assert desk.client.get("/portfolio/accounts").status == 200
    desk.client.prefix = "/v1/portal"
    assert desk.client.get("/portfolio/accounts/").status == 429


def test_whoever_is_not_logged_in_is_counted_too() -> None:
    desk = strict()
    desk.simulation.session.log_out()
    assert [desk.client.get("/iserver/accounts").status for _ in range(11)] == [401] * 10 + [429]


def test_what_the_gateway_answers_itself_costs_nothing() -> None:
    desk = strict()
    assert {desk.client.post("/iserver/reauthenticate").status for _ in range(15)} == {200}
    assert {desk.client.call("GET", "/sso/Login").status for _ in range(15)} == {200}
    assert broken(desk) == []


def test_the_gateways_own_tickle_counts_every_thirty_seconds() -> None:
    desk = strict()
    desk.later(seconds=29.5)
    for _ in range(9):
        desk.client.get("/iserver/auth/status")
    desk.later(seconds=0.6)  # its tickle was at 30
    assert [desk.client.get("/iserver/auth/status").status for _ in range(2)] == [429, 429]
    assert broken(desk) == ["GET /iserver/auth/status"]


def test_nobody_logged_in_has_no_tickle() -> None:
    desk = strict()
    desk.simulation.session.log_out()
    desk.later(seconds=29.5)
    for _ in range(9):
        desk.client.get("/iserver/auth/status")
    desk.later(seconds=0.4)
    assert desk.client.get("/iserver/auth/status").status == 401


class Slow:
    """An endpoint that answers when it is told to."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.answered.wait()
        await reply.ok([])(scope, receive, send)


def test_six_history_requests_that_are_slow_to_answer_are_one_too_many() -> None:
    limiter, statuses = Limiter(), list[int]()
    moments = iter(EVENING + timedelta(seconds=number) for number in range(20))

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def exchange() -> None:
        slow = Slow()
        paced = Paced(slow, limiter, lambda: next(moments), ticks=lambda *_: [])
        scope = {"type": "http", "method": "GET", "path": "/iserver/marketdata/history"}
        running = [asyncio.ensure_future(paced(scope, receive, send)) for _ in range(6)]
        await asyncio.sleep(0)
        slow.answered.set()
        await asyncio.gather(*running)

    asyncio.run(exchange())
    assert sorted(statuses) == [200] * 5 + [429]
    assert limiter.running == 0
