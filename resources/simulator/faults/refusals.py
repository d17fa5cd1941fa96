"""Faults that answer instead of the endpoint: whatever was asked for is not done.

Belongs here: statuses, error objects and pages that a gateway gives instead of an answer. Does not: good
replies that are spoiled on their way (`transmission.py`, `values.py`, `rows.py`).

The bodies are those that were seen: a lost login is a 401 with nothing in it, an upstream timeout a 503 with
nothing in it after ten seconds, and a 500 mostly leaves the status out of its error object.
"""

from typing import ClassVar, Literal

from pydantic import Field

from resources.simulator.faults.fault import Exchange, Fault, Reply, told
from resources.simulator.network import ACCESS_DENIED

LOGIN_PAGE = """<!DOCTYPE html><html><head><title>IBKR Login</title></head>
<body><form name="login" method="post"><input name="user_name"><input name="password" type="password">
<button>Log In</button></form></body></html>"""
MAINTENANCE = """<html><head><title>Scheduled Maintenance</title></head>
<body><h1>This service is unavailable</h1><p>Please try again in a few minutes.</p></body></html>"""
PAGES = {"login": (200, LOGIN_PAGE), "denied": (403, ACCESS_DENIED), "maintenance": (503, MAINTENANCE)}
TIMEOUT = 10.0  # seconds, upstream


class Instead(Fault):
    """Answers by itself."""

    is_instead: ClassVar[bool] = True

    def answer(self) -> Reply:
        """What it says."""
        raise NotImplementedError

    def strike(self, _: Exchange) -> Reply:
        return self.answer()


class TimedOut(Instead):
    """503 with an empty body after ten seconds, then the connection is closed: IBKR did not answer in time."""

    fault: Literal["timed_out"] = "timed_out"
    seconds: float = Field(TIMEOUT, ge=0, le=60, description="how long it takes, in simulated seconds")
    waits: bool = Field(True, description="really; false lets the time pass on the simulated clock at once")

    def answer(self) -> Reply:
        spent = f"{round(self.seconds * 1000)}ms"
        late = Reply(503, seconds=self.seconds, waits=self.waits)
        return late.headed(connection="close", x_response_time=spent)


class Failing(Instead):
    """500 with an error object, as in bursts around the nightly reset."""

    fault: Literal["failing"] = "failing"
    message: str = "Internal Server Error"
    told: bool = Field(False, description="whether the error object repeats the status")

    def answer(self) -> Reply:
        return told(500, {"error": self.message, **({"statusCode": 500} if self.told else {})})


class Unavailable(Instead):
    """503 with {"error": "Service Unavailable"}: busy, or under maintenance."""

    fault: Literal["unavailable"] = "unavailable"

    def answer(self) -> Reply:
        return told(503, {"error": "Service Unavailable", "statusCode": 503})


class LoggedOut(Instead):
    """401 with an empty body, as if nobody were logged in; the session itself stays as it is."""

    fault: Literal["logged_out"] = "logged_out"

    def answer(self) -> Reply:
        return Reply(401)


class Unauthenticated(Instead):
    """401 with {"error": "not authenticated"}: the login stands, the brokerage session does not."""

    fault: Literal["unauthenticated"] = "unauthenticated"

    def answer(self) -> Reply:
        return told(401, {"error": "not authenticated", "statusCode": 401})


class Bridgeless(Instead):
    """400 "no bridge", as while a brokerage session is being built."""

    fault: Literal["bridgeless"] = "bridgeless"

    def answer(self) -> Reply:
        return told(400, {"error": "Bad Request: no bridge", "statusCode": 400})


class Throttled(Instead):
    """429 with an empty body, without a limit having been broken and without a penalty."""

    fault: Literal["throttled"] = "throttled"

    def answer(self) -> Reply:
        return Reply(429)


class Html(Instead):
    """A page for people where JSON was due: login, "Access Denied" (403) or maintenance (503)."""

    fault: Literal["html"] = "html"
    page: Literal["login", "denied", "maintenance"] = "login"

    def answer(self) -> Reply:
        status, page = PAGES[self.page]
        return Reply(status, page.encode(), {"content-type": "text/html;charset=utf-8"})


class Apologetic(Instead):
    """200 with an error object inside."""

    fault: Literal["apologetic"] = "apologetic"
    message: str = "unknown"

    def answer(self) -> Reply:
        return told(200, {"error": self.message})
