"""Steering a running gateway from outside of its API: time, session, faults, and what it has seen.

Belongs here: what can be done, as functions in plain words and JSON values; tests and whoever serves a
gateway in their own process call them (`Running.control`). Does not: their HTTP form (`routes/control.py`).

What only a simulated world has (`limiter`, `charges`, sizes) is told where it is there: a recording has none.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic_core import to_jsonable_python

from resources.simulator.charges import Charges
from resources.simulator.clock import NEW_YORK, Clock
from resources.simulator.faults.faults import Faults, Standing
from resources.simulator.faults.files import FaultsError, nights, parse_rules, read_rules
from resources.simulator.flavour import Flavour
from resources.simulator.limits.limiter import Limiter
from resources.simulator.requests import Requests
from resources.simulator.session import Session

Json = dict[str, Any]
NOBODY = "nobody is logged in, so there is no brokerage session. POST /simulator/login first"


class Steered(Protocol):
    """What a gateway must have to be steered."""

    clock: Clock
    session: Session
    flavour: Flavour
    seed: int
    faults: Faults
    requests: Requests

    @property
    def world(self) -> object: ...

    @property
    def limiter(self) -> Limiter | None: ...

    @property
    def charges(self) -> Charges | None: ...

    @property
    def account_ids(self) -> list[str]: ...


class ControlError(ValueError):
    """What cannot be done; the message says why in one line."""


class Control:
    """The handle on a simulated gateway."""

    def __init__(self, simulated: Steered) -> None:
        self._simulated = simulated
        self._clock, self._session = simulated.clock, simulated.session
        self._faults, self._requests = simulated.faults, simulated.requests

    def state(self) -> Json:
        """Everything at a glance."""
        simulated = self._simulated
        return {
            "kind": "recording" if _part(simulated, "exchanges") is not None else "world",
            "seed": simulated.seed,
            "clock": self.clock(),
            "session": self.session(),
            "accounts": simulated.account_ids,
            "sizes": self._sizes(),
            "flavour": to_jsonable_python(asdict(simulated.flavour)),
            "faults": self.faults(),
            "charges": _bill(simulated.charges),
            "limits": self.limits(),
            "requests": {"received": self._requests.total, "kept": len(self._requests.listed())},
        }

    def clock(self) -> Json:
        """The simulated present, and how fast it passes."""
        now = self._clock.now()
        return {
            "now": now.isoformat(),
            "new_york": now.astimezone(NEW_YORK).isoformat(),
            "rate": self._clock.rate,
            "running_seconds": round(self._clock.elapsed(), 3),
        }

    def advance(self, step: timedelta) -> Json:
        """Let time pass at once."""
        self._clock.advance(step)
        return self.clock()

    def move_to(self, instant: datetime) -> Json:
        """Let time pass up to an instant."""
        self._clock.move_to(instant)
        return self.clock()

    def tick_at(self, rate: float) -> Json:
        """Let time pass faster or slower from here on."""
        self._clock.tick_at(rate)
        return self.clock()

    def session(self) -> Json:
        """The login and the brokerage session, as a request would find them now."""
        session = self._session
        session.look(self._clock.now())
        told = ("logged_in", "brokerage", "competing", "authenticated", "bridged", "primed", "portfolio_primed")
        flags = {name: getattr(session, name) for name in told}
        return {**flags, "login_at": session.login_at.isoformat(), "number": session.number, "ended": session.ended}

    def log_in(self) -> Json:
        """What a person does in a browser."""
        self._session.log_in(self._clock.now())
        return self.session()

    def log_out(self) -> Json:
        """The login ends."""
        self._session.log_out()
        return self.session()

    def compete(self) -> Json:
        """Another program of the same user takes the brokerage session."""
        self._require_login()
        self._session.competing = True
        self._session.primed = False
        return self.session()

    def drop(self) -> Json:
        """The brokerage session dies, the login lives."""
        self._require_login()
        self._session.lose("dropped")
        return self.session()

    def disconnect(self) -> Json:
        """The link to the backend is lost: only an init with compete, or a login, brings it back."""
        self._require_login()
        self._session.connected = self._session.primed = False
        return self.session()

    def requests(self, *, since: int = 0, path: str = "*") -> list[Json]:
        """What was asked, oldest first: numbered above `since`, path like the pattern."""
        return [to_jsonable_python(asdict(asked)) for asked in self._requests.listed(since=since, path=path)]

    def clear_requests(self) -> Json:
        """Forget what was asked."""
        self._requests.clear()
        return {"received": self._requests.total, "kept": 0}

    def limits(self) -> Json:
        """Whether pacing is enforced, which limits were broken, and until when everybody waits."""
        limiter = self._simulated.limiter
        if limiter is None:
            return {"enforced": False, "broken": [], "refused": 0, "boxed_until": None}
        broken = to_jsonable_python([asdict(each) for each in limiter.offences])
        until = to_jsonable_python(limiter.boxed_until)
        return {"enforced": True, "broken": broken, "refused": limiter.refused, "boxed_until": until}

    def forgive(self) -> Json:
        """Open the penalty box; what was broken stays on record."""
        if self._simulated.limiter is not None:
            self._simulated.limiter.forgive()
        return self.limits()

    def faults(self) -> list[Json]:
        """The rules in force, and how often each was met and has struck."""
        return [_told(standing) for standing in self._faults.standing]

    def add_faults(self, given: Any) -> list[Json]:
        """Let more rules stand: one, a list, an object with `rules`, or `{"night": name}`."""
        return [_told(standing) for standing in self._faults.add(_rules(given))]

    def replace_faults(self, given: Any) -> list[Json]:
        """Let these rules stand and no others."""
        return [_told(standing) for standing in self._faults.replace(_rules(given))]

    def clear_faults(self) -> list[Json]:
        """No more faults."""
        self._faults.clear()
        return []

    def remove_fault(self, name: str) -> list[Json]:
        """Take out a rule, by name or number."""
        if not self._faults.remove(name):
            labels = ", ".join(standing.label for standing in self._faults.standing) or "none"
            raise ControlError(f"remove the rule {name!r}: there is none. In force: {labels}")
        return self.faults()

    def _require_login(self) -> None:
        if not self._session.logged_in:
            raise ControlError(NOBODY)

    def _sizes(self) -> Json:
        market = _part(self._simulated, "market")
        contracts = None if market is None else len(market.instruments())
        positions = _part(self._simulated.world, "positions")
        return {"accounts": len(self._simulated.account_ids), "positions": positions, "contracts": contracts}


def _part(whole: object, name: str) -> Any:
    """A part that not every simulation has."""
    return getattr(whole, name, None)


def _bill(charges: Charges | None) -> Json | None:
    return None if charges is None else {"regsnapshots": charges.regsnapshots, "dollars": charges.dollars}


def _rules(given: Any) -> Iterable[Any]:
    if not (isinstance(given, dict) and set(given) == {"night"}):
        return parse_rules(given)
    known = nights()
    night = str(given["night"])
    if night not in known:
        raise FaultsError(f"night: {night!r} is not one. Choose from {', '.join(known)}")
    return read_rules(known[night])


def _told(standing: Standing) -> Json:
    counts = {"met": standing.met.total(), "struck": standing.struck.total()}
    return {"number": standing.number, **counts, **standing.rule.written()}
