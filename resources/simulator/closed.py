"""What is answered when nobody is logged in, or the whole service is down.

Belongs here: these replies, by path, flavour and minute. Does not: when that is the case (`session.py`, `lifetime.py`).

During the nightly reset 401s, 500s, empty 503s and HTML were all seen; here each has its minute, so that a client
meets them all and meets them again. During the weekend's maintenance the login stands and the backend is gone: a
status can still be asked, and says so.
"""

from starlette.responses import Response

from resources.simulator import reply
from resources.simulator.flavour import Flavour
from resources.simulator.lifetime import Maintenance
from resources.simulator.session import Session

INIT = "/iserver/auth/ssodh/init"
TICKLE = "/tickle"
NEWER = "/contract/"  # endpoints of the newer API: an error is an object that describes the problem
ANSWERED = ("/iserver/auth/", TICKLE, "/sso/", "/logout")  # while the backend is gone
LOGIN_PAGE = """<!DOCTYPE html><html><head><title>Login</title></head>
<body><p>You are not logged in. <a href="/sso/Login?forwardTo=22&amp;RL=1">Log in</a></p></body></html>"""
UNAVAILABLE_PAGE = """<!DOCTYPE html><html><head><title>Service Unavailable</title></head>
<body><h1>Service Unavailable</h1><p>The system is being reset. Please try again in a few minutes.</p></body></html>"""


def answer(path: str, session: Session, flavour: Flavour) -> Response | None:
    """The refusal of everything; None when there is a login and a service."""
    down = session.maintenance
    if down is Maintenance.RESET:
        return _resetting(session.now.minute)
    if not session.logged_in:
        return _unauthorised(path, session, flavour)
    if down is Maintenance.WEEKEND and not path.startswith(ANSWERED):
        return reply.error(503, "Service Unavailable") if path.startswith("/iserver/") else reply.empty(503)
    return None


def _resetting(minute: int) -> Response:
    match minute % 4:
        case 0:
            return reply.empty(401)
        case 1:
            return reply.empty(503)
        case 2:
            return reply.error(500, "Internal Server Error", status_code=False)
    return reply.text(503, UNAVAILABLE_PAGE, "text/html")


def _unauthorised(path: str, session: Session, flavour: Flavour) -> Response:
    if path == INIT and session.ended == "logout" and flavour.init_after_logout != 401:
        return reply.empty(flavour.init_after_logout)
    if path == TICKLE and flavour.dead_tickle:
        return reply.ok({"error": flavour.dead_tickle})
    if path.startswith(NEWER):
        return reply.problem(401, "Unauthorized", "Access token missing or expired")
    match flavour.unauthorised:
        case "json":
            return reply.error(401, "not authenticated")
        case "html":
            return reply.text(401, LOGIN_PAGE, "text/html")
    return reply.empty(401)
