"""Endpoints of notices ("FYI"), which need no brokerage session.

Belongs here: unpacking requests. Does not: which notices there are (`notices.py`), wire shapes (`shapes/notices.py`).

As recorded, a topic or a notice that does not exist may be changed all the same; only a device may not.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.notices import Mailbox, Notice, notices
from resources.simulator.routes import parameters
from resources.simulator.routes.body import json_object
from resources.simulator.routes.house import Invested
from resources.simulator.shapes import notices as shapes

MOST = 10  # notices in one reply


def routes(simulation: Invested) -> list[Route]:
    """Every endpoint of notices."""
    answers = _Answers(simulation)
    return [
        Route("/fyi/unreadnumber", answers.unread, methods=["GET"]),
        Route("/fyi/settings", answers.settings, methods=["GET"]),
        Route("/fyi/settings/{code}", answers.set, methods=["POST"]),
        Route("/fyi/disclaimer/{code}", answers.disclaimer, methods=["GET"]),
        Route("/fyi/disclaimer/{code}", answers.disclaimed, methods=["PUT"]),
        Route("/fyi/notifications", answers.listed, methods=["GET"]),
        Route("/fyi/notifications/more", answers.more, methods=["GET"]),
        Route("/fyi/notifications/{number}", answers.mark, methods=["PUT"]),
        Route("/fyi/deliveryoptions", answers.delivery, methods=["GET"]),
        Route("/fyi/deliveryoptions/email", answers.email, methods=["PUT"]),
        Route("/fyi/deliveryoptions/device", answers.add_device, methods=["POST"]),
        Route("/fyi/deliveryoptions/{device}", answers.drop_device, methods=["DELETE"]),
    ]


class _Answers:
    def __init__(self, simulation: Invested) -> None:
        self._simulation = simulation
        self._mailbox = Mailbox()

    async def unread(self, _: Request) -> Response:
        waiting = [notice for notice in self._notices() if notice.number not in self._mailbox.read]
        return reply.ok(shapes.unread(len(waiting)))

    async def settings(self, _: Request) -> Response:
        return reply.ok(shapes.settings(self._mailbox))

    async def set(self, request: Request) -> Response:
        code, wanted = request.path_params["code"], await json_object(request) or {}
        (self._mailbox.muted.discard if parameters.truth(wanted, "enabled") else self._mailbox.muted.add)(code)
        return reply.ok(shapes.done())

    async def disclaimer(self, request: Request) -> Response:
        return reply.ok(shapes.disclaimer(request.path_params["code"]))

    async def disclaimed(self, request: Request) -> Response:
        self._mailbox.disclaimed.add(request.path_params["code"])
        return reply.ok(shapes.done())

    async def listed(self, request: Request) -> Response:
        """The newest; `include` and `exclude` name topics."""
        query = request.query_params
        included, excluded = (set(parameters.items(parameters.text(query, word))) for word in ("include", "exclude"))
        found = [
            each
            for each in self._notices()
            if each.code not in excluded and (not included or each.code in included or "all" in included)
        ]
        most = min(parameters.number(query, "max") or MOST, MOST)
        return reply.ok(shapes.listed(found[:most], self._mailbox))

    async def more(self, request: Request) -> Response:
        """Those that are older than one."""
        found = self._notices()
        after = parameters.text(request.query_params, "id")
        place = next((place for place, notice in enumerate(found) if notice.number == after), len(found))
        return reply.ok(shapes.listed(found[place + 1 :][:MOST], self._mailbox))

    async def mark(self, request: Request) -> Response:
        self._mailbox.read.add(request.path_params["number"])
        return reply.ok(shapes.marked(request.path_params["number"]))

    async def delivery(self, _: Request) -> Response:
        return reply.ok(shapes.delivery(self._mailbox))

    async def email(self, request: Request) -> Response:
        self._mailbox.by_email = parameters.truth(request.query_params, "enabled")
        return reply.ok(shapes.done())

    async def add_device(self, request: Request) -> Response:
        body = await json_object(request) or {}
        number, name, shown = (parameters.text(body, word) for word in ("deviceId", "deviceName", "uiName"))
        enabled = parameters.truth(body, "enabled")
        self._mailbox.devices[number] = shapes.device(number, name, shown, enabled=enabled)
        return reply.ok(shapes.done())

    async def drop_device(self, request: Request) -> Response:
        if self._mailbox.devices.pop(request.path_params["device"], None) is None:
            return reply.error(404, "Resource not found")
        return reply.empty(200)

    def _notices(self) -> list[Notice]:
        world = self._simulation.world
        rows = [row for account in world.everyone for row in self._simulation.valuation(account).rows]
        return self._mailbox.shown(notices(rows, self._simulation.clock.now()))
