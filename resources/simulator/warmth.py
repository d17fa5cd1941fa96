"""What a brokerage session has loaded already: charts, and subscriptions to market data.

Belongs here: the memories, each forgotten when a new brokerage session begins. Does not: what a client gets
to see of a cold contract (`routes/`).
"""

import zlib
from dataclasses import dataclass, field

from resources.simulator.flavour import Flavour
from resources.simulator.session import Session

COLD_ONE_IN = 10  # contracts whose first chart fails
SLOW_ONE_IN = 4  # contracts whose snapshot needs one more call


class HistoryState:
    """Which contracts' charts have been loaded in this session."""

    def __init__(self, seed: int, *, cold_history: bool = True) -> None:
        self._seed = seed
        self._cold_history = cold_history
        self._asked: set[int] = set()
        self._session = 0

    def warm_up(self, conid: int, session: int = 0) -> bool:
        """Whether a chart can be served; one contract in ten fails on its first request."""
        if session != self._session:
            self.forget()
            self._session = session
        ready = not self._cold_history or conid in self._asked or not self._is_slow(conid)
        self._asked.add(conid)
        return ready

    def forget(self) -> None:
        """A new session starts cold."""
        self._asked.clear()

    def _is_slow(self, conid: int) -> bool:
        return zlib.crc32(b"%d:%d" % (self._seed, conid)) % COLD_ONE_IN == 0


@dataclass(slots=True)
class Subscription:
    """One line of market data. `looks` counts the snapshots after the one that opened it."""

    conid: int
    warm_up: int
    looks: int = -1
    fields: dict[str, None] = field(default_factory=dict)  # whatever was asked for, in order

    @property
    def ready(self) -> bool:
        """Whether prices have arrived."""
        return self.looks >= self.warm_up

    @property
    def complete(self) -> bool:
        """Whether what is computed elsewhere (greeks, volatilities) has arrived too."""
        return self.looks > self.warm_up

    def skips(self, name: str) -> bool:
        """Whether a field is left out this time, when fields are at all."""
        drawn = zlib.crc32(f"{self.conid}:{self.looks}:{name}".encode())
        return self.looks > self.warm_up and drawn % 23 == 0


@dataclass(slots=True)
class Subscriptions:
    """The open lines of a brokerage session."""

    session: Session
    flavour: Flavour
    _open: dict[int, Subscription] = field(default_factory=dict)
    _number: int = 0

    def look(self, conid: int, fields: list[str]) -> Subscription | None:
        """A snapshot of a contract is taken: its line, opened when there is one left, else None."""
        found = self.lines.get(conid)
        if found is None:
            if len(self._open) >= self.flavour.market_data_lines:
                return None
            found = self._open[conid] = Subscription(conid, self.flavour.snapshot_warm_up + _is_slow(conid))
        found.looks += 1
        found.fields.update(dict.fromkeys(fields))
        return found

    def close(self, conid: int) -> bool:
        """Give a line back; false when it was not open."""
        return self.lines.pop(conid, None) is not None

    def close_all(self) -> None:
        """Give all of them back."""
        self._open.clear()

    @property
    def lines(self) -> dict[int, Subscription]:
        """What is open, by contract."""
        if self._number != self.session.number:
            self._number = self.session.number
            self._open.clear()
        return self._open


def _is_slow(conid: int) -> bool:
    return zlib.crc32(b"slow:%d" % conid) % SLOW_ONE_IN == 0
