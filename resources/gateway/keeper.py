"""Keeps one login's session, together with every other process that uses it.

Belongs here: looking, the tickle, bringing the brokerage session up. Does not: what a look means (`session.py`),
what is remembered of it on disk (`known.py`), priming and the data themselves (`client.py`).

Nobody is in charge: whoever finds the tickle due sends it and notes so in `session.json`, and the same goes for
an init, so that ten processes send one a minute, and a killed one is missed by nobody. Each change of state,
and each quarter of an hour without one, goes into the journal of observations (dataset `gateway_session`).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from resources.gateway.endpoint import Endpoint
from resources.gateway.errors import (
    Competing,
    GatewayError,
    LoginRequired,
    Maintenance,
    NotReady,
    Refused,
    Unreachable,
    Untrusted,
    Waiting,
)
from resources.gateway.exchange import Exchange
from resources.gateway.known import Known, KnownFile
from resources.gateway.pacing import Limit
from resources.gateway.session import Session, State, Step, read_status, state_of
from resources.gateway.wire import LOG_IN
from resources.journal import Journal
from resources.private import make_folder

STATUS = Endpoint("/iserver/auth/status", method="POST")
INITIALISE = Endpoint("/iserver/auth/ssodh/init", method="POST")
REAUTHENTICATE = Endpoint("/iserver/reauthenticate", method="POST")
TICKLE = Endpoint("/tickle", method="POST", limit=Limit(1, 1.0))

TICKLE_EVERY = timedelta(seconds=55)
OBSERVE_EVERY = timedelta(minutes=15)
CLOCK_SLACK = timedelta(seconds=2)  # the gateway tells whole seconds
PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between looks at a session that is coming up


class Keeper:
    """The session in one folder, as one process keeps it. `may_evict` lets an init throw out a competing login."""

    def __init__(self, exchange: Exchange, folder: Path, *, may_evict: bool = False) -> None:
        make_folder(folder)
        self.observations = Journal(folder / "observations")
        self._exchange = exchange
        self._known = KnownFile(folder)
        self._may_evict = may_evict

    def known(self) -> Known:
        """What is on disk; nothing, when nobody looked yet or the file is damaged."""
        return self._known.read()

    def look(self) -> Session:
        """Ask for the status now. Raises what tells nothing of the session: a limit, a wrong certificate."""
        return self._look(self._status)

    def tend(self) -> Session:
        """The duty of each minute: tickle if nobody did, read what it says, initialise what died."""
        if not self._claim_look():
            return self.known().session
        session = self._look(self._tickle)
        if self._is_to_initialise(session) and self._claim_init():
            self._initialise()
            session = self.look()
        return session

    def bring_up(self, is_primed: Callable[[], bool]) -> None:
        """Have the brokerage session ready and primed; raises the `Waiting` that says why it is not.

        `is_primed` asks what every session must be asked first, and says whether that worked.
        """
        maintained = 0
        for pause in (*PATIENCE, None):
            session = self.look()
            if session.state is State.READY and is_primed():
                return
            maintained += session.state is State.MAINTENANCE
            if not self._may_come_up(session) or maintained == len(PATIENCE) - 2:
                raise self.waiting(session)
            if self._is_to_initialise(session) and self._claim_init():
                self._initialise()
            if pause is not None:
                self._exchange.clock.sleep(pause)
        raise NotReady(
            f"Opening the session: it was initialised, but never became ready, or listed no account. {LOG_IN}"
        )

    def waiting(self, session: Session) -> Waiting:
        """The error that a state which is not ready stands for."""
        match session.state:
            case State.COMPETING:
                return Competing(
                    "Opening the session: the same username is in use elsewhere (TWS, mobile or web). "
                    "Log out there; nobody was thrown out."
                )
            case State.NOT_LOGGED_IN:
                return LoginRequired(session.reason or f"Nobody is logged in. {LOG_IN}")
            case State.GATEWAY_DOWN:
                return Unreachable(session.reason or "The gateway does not answer. Start it.")
            case State.MAINTENANCE:
                return Maintenance(session.reason or "The gateway answers, IBKR behind it does not. Wait for it.")
        return NotReady(f"Opening the session: {session.state}. {session.reason}".strip())

    def _may_come_up(self, session: Session) -> bool:
        waits = {State.READY, State.BRIDGE_BUILDING, State.BROKERAGE_DEAD, State.MAINTENANCE}
        return session.state in waits or (session.state is State.COMPETING and self._may_evict)

    def _is_to_initialise(self, session: Session) -> bool:
        here = self._exchange.here
        lasting = self.known().now(here) - session.since
        return session.step(at=here, lasting=lasting, may_evict=self._may_evict) is Step.INITIALISE

    def _look(self, by: Callable[[], dict[str, Any]]) -> Session:
        try:
            told = by()
            state, reason = read_status(told).state, ""
        except GatewayError as error:
            found = state_of(error)
            if found is None:
                raise
            told, state, reason = {}, found, str(error)
        return self._note(state, reason, told)

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = self._exchange.call(STATUS).json
        return status

    def _tickle(self) -> dict[str, Any]:
        """The tickle tells the status too, but in old builds."""
        told = self._exchange.call(TICKLE).json
        inner = told.get("iserver") if isinstance(told, dict) else None
        status = inner.get("authStatus") if isinstance(inner, dict) else None
        return {**status, "ssoExpires": told.get("ssoExpires")} if isinstance(status, dict) else self._status()

    def _initialise(self) -> None:
        """Ask for a brokerage session; what became of it, the next look tells."""
        try:
            self._ask_for_a_session()
        except (Waiting, Untrusted):
            raise
        except GatewayError:
            return

    def _ask_for_a_session(self) -> None:
        """By either way; after a logout there may be none, 410 or 503 to both."""
        try:
            self._exchange.call(INITIALISE, body={"publish": True, "compete": self._may_evict})
        except Refused:  # gateways before ssodh/init know only this
            self._exchange.call(REAUTHENTICATE)

    def _claim_look(self) -> bool:
        """Whether the tickle is due; it then is this process's."""
        with self._known.changing() as known:
            here = self._exchange.here
            if timedelta() <= here - known.looked_at < TICKLE_EVERY:
                return False
            known.looked_at = here
            return True

    def _claim_init(self) -> bool:
        """Whether an init is due; it then is this process's."""
        with self._known.changing() as known:
            here, session = self._exchange.here, known.session
            if not session.is_init_due(here):
                return False
            known.remember(session.initialised(at=here))
            return True

    def _note(self, state: State, reason: str, told: dict[str, Any]) -> Session:
        with self._known.changing() as known:
            here = self._exchange.here
            if self._exchange.ahead_seconds is not None:
                known.ahead_seconds = self._exchange.ahead_seconds
            now = known.now(here)
            is_news = known.state is not state or not -CLOCK_SLACK <= now - known.observed_at < OBSERVE_EVERY
            session = known.session.seen(state, reason, at=now)
            known.remember(session)
            known.looked_at = here
            if is_news:
                known.observed_at = now
                self.observations.append(_observation(session, told, known, now), at=now)
        return session


def _observation(session: Session, told: dict[str, Any], known: Known, now: datetime) -> dict[str, Any]:
    """A line of the journal: the state and what the gateway said of it, without names, addresses or cookies."""
    server = told.get("serverInfo")
    server = server if isinstance(server, dict) else {}
    return {
        "observed_at": now,
        "state": session.state.value,
        "since": session.since,
        "reason": session.reason,
        "inits": session.inits,
        "clock_ahead_seconds": known.ahead_seconds,
        "serverName": server.get("serverName"),
        "serverVersion": server.get("serverVersion"),
        **{name: told.get(name) for name in ("authenticated", "connected", "competing", "established", "message")},
        "ssoExpires": told.get("ssoExpires"),
    }
