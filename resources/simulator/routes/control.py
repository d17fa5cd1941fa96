"""The control plane below `/simulator/`, outside of the API: what `control.py` can do, in JSON over HTTP.

Belongs here: its paths, the bodies they want, and answers to wrong ones. Does not: what is done.

It answers this machine only, needs no header of a client, and is not among the requests that are recorded. A
page in a browser that is not from this machine is refused, as are addresses that are not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator.clock import FASTEST, parse_instant
from resources.simulator.control import Control, ControlError
from resources.simulator.faults.files import Plan, clear_line

ROOT = "/simulator"


class Move(BaseModel):
    """How the clock moves: ahead by seconds or a duration (`PT15M`), or to an instant; and how fast it ticks."""

    model_config = ConfigDict(extra="forbid")
    advance: timedelta | None = None
    to: Annotated[str, AfterValidator(parse_instant)] | None = None
    rate: float | None = Field(None, ge=0, le=FASTEST)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.advance is None) == (self.to is None) and (self.advance is not None or self.rate is None):
            raise ValueError('say {"advance": seconds}, {"to": instant} or {"rate": number}')
        return self


class Wanted(BaseModel):
    """Which requests to list."""

    model_config = ConfigDict(extra="forbid")
    since: int = Field(0, ge=0)
    path: str = "*"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be asked of the control plane. `does` is given the body, the query and the path's rest."""

    method: str
    path: str
    says: str
    does: Callable[[Control, Any, dict[str, str], str], Any]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None


def _move(control: Control, body: Any, *_: Any) -> Any:
    move = Move.model_validate(body)
    if move.advance is not None:
        control.advance(move.advance)
    if isinstance(move.to, datetime):
        control.move_to(move.to)
    return control.clock() if move.rate is None else control.tick_at(move.rate)


def _requests(control: Control, _: Any, query: dict[str, str], __: str) -> Any:
    wanted = Wanted.model_validate(query)
    return control.requests(since=wanted.since, path=wanted.path)


ACTIONS = (
    Action("GET", "/state", "clock, session, accounts, sizes, flavour, faults, limits", lambda c, *_: c.state()),
    Action("GET", "/clock", "the simulated present and its rate", lambda c, *_: c.clock()),
    Action("POST", "/clock", 'move it: {"advance": 900 or "PT15M"}, {"to": instant}, {"rate": 60}', _move, Move),
    Action("POST", "/login", "a person logs in", lambda c, *_: c.log_in()),
    Action("POST", "/logout", "the login ends", lambda c, *_: c.log_out()),
    Action("POST", "/compete", "another client of the user takes the brokerage session", lambda c, *_: c.compete()),
    Action("POST", "/drop", "the brokerage session dies, the login lives", lambda c, *_: c.drop()),
    Action("POST", "/disconnect", "the link to the backend is lost, the login lives", lambda c, *_: c.disconnect()),
    Action("GET", "/requests", "what was asked: ?since=number&path=pattern", _requests, query=Wanted),
    Action("DELETE", "/requests", "forget what was asked", lambda c, *_: c.clear_requests()),
    Action("GET", "/limits", "which pacing limits were broken", lambda c, *_: c.limits()),
    Action("DELETE", "/limits", "open the penalty box", lambda c, *_: c.forgive()),
    Action("GET", "/faults", "the rules in force", lambda c, *_: c.faults()),
    Action("POST", "/faults", 'add rules, or {"night": name}', lambda c, body, *_: c.add_faults(body), Plan),
    Action("PUT", "/faults", "these rules and no others", lambda c, body, *_: c.replace_faults(body), Plan),
    Action("DELETE", "/faults", "no more faults", lambda c, *_: c.clear_faults()),
    Action("DELETE", "/faults/{rule}", "take out a rule", lambda c, _, __, rule: c.remove_fault(rule)),
)


class Steering:
    """The step that answers for the control plane, before anything of the gateway is asked."""

    def __init__(self, behind: ASGIApp, control: Control) -> None:
        self._behind, self._control = behind, control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on what is not meant for the control plane."""
        path = scope["path"].rstrip("/")
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            await self._behind(scope, receive, send)
            return
        answer = _foreign(scope) or await self._answer(path.removeprefix(ROOT), Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, path: str, request: Request) -> Response:
        if path in INDEXES and request.method == "GET":
            return _json(200, INDEXES[path]())
        found = [(action, rest) for action in ACTIONS if (rest := _rest(action.path, path)) is not None]
        if not found:
            return _json(404, {"error": f"{ROOT}{path} is not there. GET {ROOT}/ lists what is"})
        for action, rest in found:
            if action.method == request.method:
                return await self._do(action, rest, request)
        methods = ", ".join(action.method for action, _ in found)
        return _json(405, {"error": f"{request.method} {ROOT}{path}: use {methods}"})

    async def _do(self, action: Action, rest: str, request: Request) -> Response:
        try:
            body = orjson.loads(await request.body()) if action.body is not None else None
            return _json(200, action.does(self._control, body, dict(request.query_params), rest))
        except orjson.JSONDecodeError as error:
            return _json(400, {"error": f"the body is not JSON: {error}"})
        except ValidationError as error:
            return _json(400, {"error": clear_line(error)})
        except ControlError as error:
            return _json(409, {"error": str(error)})
        except ValueError as error:
            return _json(400, {"error": str(error)})


def index() -> dict[str, Any]:
    """What there is, in the order in which one would try it."""
    return {
        "what": "control plane of a simulated Client Portal Gateway; no part of the real API",
        "actions": {f"{action.method} {ROOT}{action.path}": action.says for action in ACTIONS},
        "openapi": f"{ROOT}/openapi",
    }


def openapi() -> dict[str, Any]:
    """The same for machines."""
    paths: dict[str, Any] = {}
    for action in ACTIONS:
        paths.setdefault(f"{ROOT}{action.path}", {})[action.method.lower()] = _operation(action)
    return {"openapi": "3.1.0", "info": {"title": "Simulated gateway: control plane", "version": "1"}, "paths": paths}


INDEXES: dict[str, Callable[[], dict[str, Any]]] = {"": index, "/openapi": openapi}


def _operation(action: Action) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": action.says, "responses": {"200": {"description": "done"}}}
    if action.body is not None:
        schema = action.body.model_json_schema()
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}
    names = {} if action.query is None else action.query.model_json_schema()["properties"]
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in names.items()]
    if "{" in action.path:
        name = action.path.partition("{")[2].rstrip("}")
        parameters.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
    return {**operation, "parameters": parameters} if parameters else operation


def _rest(pattern: str, path: str) -> str | None:
    """What a path has where the pattern has braces; "" without braces, None when they differ."""
    fixed, brace, _ = pattern.partition("{")
    if not brace:
        return "" if path == pattern else None
    rest = path.removeprefix(fixed)
    return rest if path.startswith(fixed) and rest else None


def _foreign(scope: Scope) -> Response | None:
    client = scope.get("client")
    if _is_here(client[0] if client else "") and _is_here(_origin(scope)):
        return None
    return _json(403, {"error": "the control plane answers this machine only"})


def _origin(scope: Scope) -> str:
    """The host of the page that asks; this machine when no page does."""
    origin = Headers(scope=scope).get("origin")
    try:
        return (urlsplit(origin).hostname or "") if origin else "localhost"
    except ValueError:
        return ""


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json(status: int, value: Any) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
