"""Pages that a browser sees: the login with its second factor, the demo, and words for every other path.

Belongs here: which page follows which, and the login at the end. Does not: how they look (`login/page.py`).

The form of the user name and password is answered without being read. Nobody gets in without the second step, and
during maintenance or after too many inits nobody gets in at all.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.login import page
from resources.simulator.login.challenge import Challenges, is_code
from resources.simulator.session import Session

START = "/sso/Login?forwardTo=22&RL=1&ip2loc=US"
END = "/sso/Dispatcher"
SUCCEEDED = "Client login succeeds"
DENIED = "The login was denied on the phone."
EXPIRED = "The notification is no longer valid. Log in again."
WRONG_CODE = "That is not a code: it has six digits."
CLOSED = "The service is not available at the moment. Try again later."


def pages(session: Session, now: Callable[[], datetime]) -> ASGIApp:
    """Everything outside the API."""
    answers = _Answers(session, now)
    routes = [
        Route("/", answers.root, methods=["GET"]),
        Route("/sso/Login", answers.form, methods=["GET"]),
        Route("/sso/Login", answers.entered, methods=["POST"]),
        Route("/sso/Challenge", answers.challenge, methods=["GET"]),
        Route("/sso/Challenge", answers.answered, methods=["POST"]),
        Route(END, answers.dispatcher, methods=["GET", "POST"]),
        Route("/sso/Logout", answers.logout, methods=["GET", "POST"]),
        Route("/demo", answers.demo, methods=["GET"]),
    ]
    return Router(routes, redirect_slashes=False, default=_unknown)


class _Answers:
    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._challenges = Challenges()

    async def root(self, _: Request) -> Response:
        return RedirectResponse(START, 302)

    async def form(self, _: Request) -> Response:
        return _html(page.login())

    async def entered(self, _: Request) -> Response:
        self._session.pass_to(self._now())
        if self._session.maintenance or self._session.hammered:
            return _html(page.login(CLOSED), 503)
        return RedirectResponse(f"/sso/Challenge?id={self._challenges.ask(self._now())}", 303)

    async def challenge(self, request: Request) -> Response:
        number = _number(request)
        if not self._challenges.is_open(number, self._now()):
            return _html(page.login(EXPIRED), 401)
        return _html(page.challenge(number))

    async def answered(self, request: Request) -> Response:
        number, said = _number(request), await _form(request)
        if not self._challenges.is_open(number, self._now()):
            return _html(page.login(EXPIRED), 401)
        match said.get("answer"):
            case "deny":
                self._challenges.close(number)
                return _html(page.login(DENIED), 401)
            case "approve":
                return self._logged_in(number)
        if is_code(said.get("code", "")):
            return self._logged_in(number)
        return _html(page.challenge(number, WRONG_CODE), 401)

    async def dispatcher(self, _: Request) -> Response:
        self._session.pass_to(self._now())
        return reply.text(200, SUCCEEDED) if self._session.logged_in else RedirectResponse(START, 302)

    async def logout(self, _: Request) -> Response:
        self._session.log_out()
        return reply.text(200, "Client logout succeeded")

    async def demo(self, _: Request) -> Response:
        self._session.pass_to(self._now())
        return _html(page.demo(logged_in=self._session.logged_in))

    def _logged_in(self, number: int) -> Response:
        self._challenges.close(number)
        self._session.log_in(self._now())
        return RedirectResponse(END, 303)


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    query = scope["query_string"].decode("latin-1")
    uri = scope.get("raw_path", scope["path"].encode()).decode("latin-1") + (f"?{query}" if query else "")
    await reply.text(404, f"Unknown path {uri}")(scope, receive, send)


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode(errors="replace"))
    return {name: values[-1] for name, values in fields.items()}


def _number(request: Request) -> int:
    text = request.query_params.get("id", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _html(text: str, status: int = 200) -> Response:
    return reply.text(status, text, "text/html")
