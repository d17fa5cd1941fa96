"""Endpoints of orders: placing, answering, previewing, changing, cancelling, and looking at them.

Belongs here: unpacking requests, the list's pre-flight and filters. Does not: rules (`orders/`), wire shapes
(`shapes/orders.py`), executions (`routes/trades.py`).

The first list of a brokerage session is empty and says `snapshot: false`; so is the one that `force=true` asks for.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.world import Account, World
from resources.simulator.flavour import Flavour
from resources.simulator.orders.desk import EVERY, Desk, Outcome
from resources.simulator.orders.dialogue import MOST_SUPPRESSED, Asked
from resources.simulator.orders.funds import Preview
from resources.simulator.orders.order import Order, Status
from resources.simulator.orders.refusals import Late, Malformed, Refusal, Rejected
from resources.simulator.routes.body import json_object, json_value, texts
from resources.simulator.routes.parameters import whole
from resources.simulator.session import Session
from resources.simulator.shapes import orders as shapes
from resources.simulator.shapes.accounts import EVERYBODY
from resources.simulator.shapes.order_preview import preview
from resources.simulator.shapes.order_status import status
from resources.simulator.warmth import Subscriptions

MOST = 1000  # orders in the list
FILTERS = {
    "inactive": {Status.INACTIVE},
    "pending_submit": {Status.PENDING_SUBMIT},
    "pre_submitted": {Status.PRE_SUBMITTED},
    "submitted": {Status.SUBMITTED},
    "filled": {Status.FILLED},
    "pending_cancel": {Status.PENDING_CANCEL},
    "cancelled": {Status.CANCELLED},
}  # nothing is ever in warn_state here: asked for that, the list is empty
BY_TIME = "sort_by_time"


class Trading(Protocol):
    """What these endpoints need to know."""

    session: Session
    world: World
    desk: Desk
    flavour: Flavour
    subscriptions: Subscriptions


def routes(simulation: Trading) -> list[Route]:
    """Every endpoint of orders."""
    answers = _Answers(simulation)
    account = "/iserver/account/{account}"
    return [
        Route(f"{account}/orders", _guarded(answers.place), methods=["POST"]),
        Route(f"{account}/orders/whatif", _guarded(answers.preview), methods=["POST"]),
        Route(f"{account}/order/{{order}}", _guarded(answers.modify), methods=["POST"]),
        Route(f"{account}/order/{{order}}", _guarded(answers.cancel), methods=["DELETE"]),
        Route("/iserver/reply/{question}", _guarded(answers.answer), methods=["POST"]),
        Route("/iserver/questions/suppress", _guarded(answers.suppress), methods=["POST"]),
        Route("/iserver/questions/suppress/reset", _guarded(answers.reset), methods=["POST"]),
        Route("/iserver/account/orders", answers.live, methods=["GET"]),
        Route("/iserver/account/order/status/{order}", answers.status, methods=["GET"]),
    ]


def chosen(world: World, session: Session, wanted: str | None) -> list[Account]:
    """The account that a request names, or the selected one, or all; empty when it is unknown."""
    name = wanted or session.selected or world.accounts[0].account_id
    if name == EVERYBODY:
        return list(world.accounts)
    account = world.account(name)
    return [account] if account else []


def _guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return _refused(refusal)

    return answer


def _refused(refusal: Refusal) -> Response:
    match refusal:
        case Rejected():
            return reply.ok({"error": str(refusal)})
        case Malformed():
            return reply.error(400, f"Bad Request: {refusal}")
        case Late():
            return reply.error(503, str(refusal))
    return reply.error(400, str(refusal), status_code=False)


class _Answers:
    def __init__(self, simulation: Trading) -> None:
        self._session = simulation.session
        self._world = simulation.world
        self._desk = simulation.desk
        self._flavour = simulation.flavour
        self._subscriptions = simulation.subscriptions
        self._listed_in = 0  # brokerage session that has had its pre-flight

    async def place(self, request: Request) -> Response:
        return self._told(self._desk.place(self._account(request), await json_value(request)))

    async def preview(self, request: Request) -> Response:
        seen = self._subscriptions.lines if self._flavour.whatif_needs_snapshot else None
        wanted, asks = await json_value(request), self._flavour.whatif_asks
        return self._told(self._desk.preview(self._account(request), wanted, seen=seen, asks=asks))

    async def modify(self, request: Request) -> Response:
        number = _number(request.path_params["order"])
        return self._told(self._desk.modify(self._account(request), number, await json_value(request)))

    async def cancel(self, request: Request) -> Response:
        number = _number(request.path_params["order"])
        self._desk.cancel(self._account(request), number)
        return reply.ok(shapes.cancelled(number))

    async def answer(self, request: Request) -> Response:
        body = await json_object(request) or {}
        return self._told(self._desk.answer(request.path_params["question"], body.get("confirmed")))

    async def suppress(self, request: Request) -> Response:
        ids = texts((await json_object(request) or {}).get("messageIds"))
        if not ids:
            raise Malformed("messageIds must be a list of message ids")
        if len(ids) > MOST_SUPPRESSED:
            return reply.error(500, f"No more than {MOST_SUPPRESSED} messageIds at once", status_code=False)
        self._desk.dialogue.suppress(ids)
        return reply.ok({"status": "submitted"})

    async def reset(self, _: Request) -> Response:
        self._desk.dialogue.reset()
        return reply.ok({"status": "submitted"})

    async def live(self, request: Request) -> Response:
        accounts = chosen(self._world, self._session, request.query_params.get("accountId"))
        if not accounts:
            return reply.error(400, "Bad Request: invalid accountId")
        is_first = self._listed_in != self._session.number
        self._listed_in = self._session.number
        if is_first or request.query_params.get("force", "").lower() == "true":
            return reply.ok({"orders": [], "snapshot": False})
        words = {word for text in request.query_params.getlist("filters") for word in text.lower().split(",") if word}
        found = self._filtered(self._desk.live(accounts), words)
        rows = [shapes.live(order, self._desk.status(order)) for order in found[:MOST]]
        return reply.ok({"orders": rows, "snapshot": True})

    async def status(self, request: Request) -> Response:
        text = request.path_params["order"]
        number = whole(text)
        order = None if number is None else self._desk.find(self._world.accounts, number)
        if order is None:
            return reply.error(503, f"Order {text} is not found")
        return reply.ok(status(order, self._desk.status(order)))

    def _filtered(self, orders: Sequence[Order], words: set[str]) -> Sequence[Order]:
        if BY_TIME in words:
            orders = sorted(orders, key=lambda order: (not order.is_working, -order.changed_at))
        named = words - {BY_TIME}
        if not named:
            return orders
        states = {state for word in named for state in FILTERS.get(word, set())}
        return [order for order in orders if self._desk.status(order) in states]

    def _account(self, request: Request) -> str:
        name = str(request.path_params["account"])
        if self._world.account(name) is None:
            raise Malformed("invalid accountId")
        return name

    def _told(self, outcome: Outcome) -> Response:
        if isinstance(outcome, Asked):
            return reply.ok([shapes.question(outcome)])
        if isinstance(outcome, Preview):
            return reply.ok(preview(outcome))
        return reply.ok([shapes.acknowledged(order, self._desk.status(order)) for order in outcome])


def _number(text: str) -> int:
    number = EVERY if text == str(EVERY) else whole(text)
    if number is None:
        raise Malformed(f'For input string: "{text}"')
    return number
