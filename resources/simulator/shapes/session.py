"""Wire shapes of the session endpoints.

Belongs here: pure functions from state to JSON values. Does not: changes of state (`session.py`).
"""

from datetime import datetime

from resources.simulator.session import Session

MAC = "02:00:00:00:00:01"
USER_ID = 990001
USER_NAME = "simowner"
SERVER = {"serverName": "SimA0001", "serverVersion": "Build 10.46.1c, Jun 2, 2026 1:02:03 PM"}
HARDWARE = f"00ab12cd|{MAC}"
SSO_LIFE = 600_000  # ms; renews itself near zero
NEEDS_COMPETE = "Force compete capability must be used together with compete flag"


def status(session: Session, *, established: bool) -> dict[str, object]:
    """The auth status; most keys vanish when there is no brokerage session."""
    if not session.authenticated:
        return {"authenticated": False, "competing": session.competing, "connected": True, "MAC": MAC}
    bridge = {"established": session.bridged} if established else {}
    return {
        "authenticated": True,
        **bridge,
        "competing": False,
        "connected": True,
        "message": "",
        "MAC": MAC,
        "serverInfo": SERVER,
        **({"hardware_info": HARDWARE} if established else {}),  # builds that do not tell the one lack both
        "fail": "",
    }


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


def tickle(session: Session, now: datetime, *, seed: int, established: bool) -> dict[str, object]:
    """The keep-alive; "no bridge" of the history service is its normal state."""
    return {
        "session": f"{seed:08x}{int(session.login_at.timestamp()):024x}",
        "ssoExpires": _expires(session, now),
        "collission": False,
        "userId": USER_ID,
        "hmds": {"error": "no bridge"},
        "iserver": {"authStatus": _ticked(session, established=established)},
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


def _ticked(session: Session, *, established: bool) -> dict[str, object]:
    """The status inside a tickle: `fail` is never there, and a lost session leaves a server without a name."""
    told = {name: value for name, value in status(session, established=established).items() if name != "fail"}
    if session.authenticated:
        return {**told, "hardware_info": HARDWARE}
    return {**told, "message": "", "serverInfo": dict.fromkeys(SERVER)}


def _expires(session: Session, now: datetime) -> int:
    return SSO_LIFE - (_milliseconds(now) - _milliseconds(session.login_at)) % SSO_LIFE


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
