"""Wire shapes of the session endpoints.

Belongs here: pure functions from state to JSON values. Does not: changes of state (`session.py`).
"""

from datetime import datetime

from resources.simulator.flavour import Flavour
from resources.simulator.session import Session

MAC = "02:00:00:00:00:01"
USER_ID = 990001
USER_NAME = "simowner"
SERVER = {"serverName": "SimA0001", "serverVersion": "Build 10.46.1c, Jun 2, 2026 1:02:03 PM"}
HARDWARE = f"00ab12cd|{MAC}"
SSO_LIFE = 600_000  # ms; renews itself near zero
NEEDS_COMPETE = "Force compete capability must be used together with compete flag"


def status(session: Session, flavour: Flavour) -> dict[str, object]:
    """The auth status; most keys vanish when there is no brokerage session."""
    if not session.authenticated or (flavour.first_status_false and not session.asked_status):
        return _denied(session, flavour)
    bridge = {"established": session.bridged and not session.bridgeless} if flavour.established else {}
    return {
        "authenticated": True,
        **bridge,
        "competing": False,
        "connected": True,
        "message": "",
        "MAC": MAC,
        "serverInfo": SERVER,
        **({"hardware_info": HARDWARE} if flavour.established else {}),  # builds that do not tell the one lack both
        "fail": "",
    }


def initialised(session: Session, flavour: Flavour, *, seed: int) -> dict[str, object]:
    """What a successful init says: builds differ."""
    match flavour.init_reply:
        case "wait":
            return {"wait": True}
        case "challenge":
            return {"challenge": f"{seed:08x}{session.number:08x}"}
        case "passed":
            return {"passed": True, **status(session, flavour)}
    return status(session, flavour)


def refusal() -> dict[str, object]:
    """An init that was not allowed to throw the other client out."""
    return {
        "passed": False,
        "authenticated": False,
        "connected": True,
        "competing": True,
        "message": "",
        "MAC": MAC,
        "fail": NEEDS_COMPETE,
    }


def tickle(session: Session, now: datetime, flavour: Flavour, *, seed: int) -> dict[str, object]:
    """The keep-alive; "no bridge" of the history service is its normal state."""
    history = {"hmds": {"error": "no bridge"}} if flavour.hmds_in_tickle else {}
    confirmed = {"tickle": True} if flavour.tickle_confirms else {}
    return {
        "session": f"{seed:08x}{int(session.login_at.timestamp()):024x}",
        "ssoExpires": _expires(session, now),
        "collission": False,
        "userId": USER_ID,
        **history,
        "iserver": {**confirmed, "authStatus": _ticked(session, flavour)},
    }


def validation(session: Session, now: datetime) -> dict[str, object]:
    """Who is logged in, and since when."""
    return {
        "USER_ID": USER_ID,
        "USER_NAME": USER_NAME,
        "RESULT": True,
        "AUTH_TIME": _milliseconds(session.login_at),
        "SF_ENABLED": False,
        "IS_FREE_TRIAL": False,
        "CREDENTIAL": USER_NAME,
        "IP": "192.0.2.10",
        "EXPIRES": _expires(session, now),
        "QUALIFIED_FOR_MOBILE_AUTH": None,
        "LANDING_APP": "UNIVERSAL",
        "IS_MASTER": False,
        "lastAccessed": _milliseconds(now),
        "LOGIN_TYPE": 2,
        "PAPER_USER_NAME": USER_NAME,
        "features": {
            "env": "PROD",
            "wlms": True,
            "realtime": True,
            "bond": True,
            "optionChains": True,
            "calendar": True,
            "newMf": True,
        },
        "region": "NJ",
    }


def _ticked(session: Session, flavour: Flavour) -> dict[str, object]:
    """The status inside a tickle: `fail` is never there, and a lost session leaves a server without a name."""
    told = {name: value for name, value in status(session, flavour).items() if name != "fail"}
    if session.authenticated:
        return {**told, "hardware_info": HARDWARE}
    return {**told, "message": "", "serverInfo": dict.fromkeys(SERVER)}


def _denied(session: Session, flavour: Flavour) -> dict[str, object]:
    connected = session.connected and session.maintenance is None
    said = {"authenticated": False, "competing": session.competing, "connected": connected}
    if flavour.null_server:
        return {**said, "message": "", "MAC": MAC, "serverInfo": {"serverName": None, "serverVersion": None}}
    return {**said, "MAC": MAC}


def _expires(session: Session, now: datetime) -> int:
    return SSO_LIFE - (_milliseconds(now) - _milliseconds(session.login_at)) % SSO_LIFE


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
