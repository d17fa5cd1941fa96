"""How far a planned landing is, and the moment at which it would ask more than it was quoted with.

Belongs here: counting. Does not: the quote (`quote.py`), where progress is shown (`quoted.py` for the UI,
`pipelines/progress_bar.py` for a terminal). What is left is what the plan has of contracts that are not finished: a
reply that was clipped leaves more than that, which is seen when it is asked.

Several threads ask, each of another contract, and one reply after the other is heard. Until its thread knows whether a
reply is good, it counts as what was planned; so nobody who does as planned is stopped, however many are under way. What
is on the wire when a landing is stopped comes in, and is kept: up to one more for each other thread.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assets.kit.quote import Load, OverQuote, Quote, in_time

LISTENERS = logging.getLogger("ibkr.progress")
"""Who sits before a terminal listens here: each record's `progress` is one. Nothing of it is kept."""
LISTENERS.propagate = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a landing is: replies that came, requests that are left of the plan, seconds that it has taken."""

    dataset: str
    done: int
    left: int
    asked: int
    elapsed: float
    eta: float
    waited: float
    is_over: bool = False

    @property
    def share(self) -> float:
        """Of all there is to do."""
        return self.done / (self.done + self.left) if self.done + self.left else 1.0

    def __str__(self) -> str:
        goes_on = "over" if self.is_over else f"{self.left:,} left, about {in_time(self.eta)}"
        return f"{self.done:,} done ({self.share:.0%}), {goes_on}; {self.asked:,} asked, {in_time(self.waited)} waited"


class Meter:
    """Counts one landing. `costs` tells the requests made and the seconds waited so far, `steady` the time."""

    def __init__(
        self,
        dataset: str,
        quote: Quote,
        loads: Iterable[Load],
        *,
        steady: Callable[[], float],
        costs: Callable[[], tuple[int, float]],
    ) -> None:
        self._dataset, self._quote, self._steady, self._costs = dataset, quote, steady, costs
        self._left = {load.conid: len(load.requests) for load in loads}
        self._sum = sum(self._left.values())
        self._done = self._heard = 0
        self._heard_last: set[int] = set()  # contracts of which the last reply may be good
        self._began, self._before = steady(), costs()
        self._counting = threading.Lock()

    def hear(self, params: Mapping[str, Any]) -> None:
        """A reply came, good or not; raises `OverQuote` at the first beyond what was quoted, or that leads beyond."""
        most, quote, conid = self._quote.most, self._quote, int(params["conid"])
        with self._counting:
            self._heard += 1
            if self._left.get(conid):
                self._heard_last.add(conid)
            after = self._sum - len(self._heard_last)
            if self._heard + after <= most:
                return
        raise OverQuote(
            f"{self._dataset} was quoted with {quote.planned:,} requests, and {self._heard:,} with {after:,} to go "
            f"are more than the {most:,} that bars.quote_margin = {quote.margin:g} allows. Look at its replies; if "
            "they are as they should be, raise that in the TOML and run it again. What came is kept.",
            margin=quote.margin,
        )

    def answer(self, params: Mapping[str, Any]) -> None:
        """A good reply came, of the contract that it was asked for."""
        conid = int(params["conid"])
        with self._counting:
            self._done += 1
            self._heard_last.discard(conid)
            if self._left.get(conid):
                self._left[conid] -= 1
                self._sum -= 1

    def finish(self, load: Load) -> None:
        """Nothing more is asked of a contract, whatever was planned."""
        with self._counting:
            self._heard_last.discard(load.conid)
            self._sum -= self._left.pop(load.conid, 0)

    @property
    def has_left(self) -> bool:
        """Whether anything of the plan is left to ask."""
        return self._sum > 0

    def progress(self, *, is_over: bool = False) -> Progress:
        """How far it is now; the time that is left by how fast it was, and never faster than the budget allows."""
        requests, waited = self._costs()
        asked, elapsed = requests - self._before[0], self._steady() - self._began
        each = max(self._quote.seconds_each, elapsed / asked if asked else 0.0)
        left = 0 if is_over else self._sum
        return Progress(
            dataset=self._dataset,
            done=self._done,
            left=left,
            asked=asked,
            elapsed=elapsed,
            eta=left * each,
            waited=waited - self._before[1],
            is_over=is_over,
        )
