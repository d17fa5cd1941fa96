"""The faults of a running gateway: which rules stand, and how often each has struck.

Belongs here: the state, and which faults a request meets. Does not: whether one rule applies (`rule.py`),
carrying faults out (`disturbed.py`), the words of a control plane.

Rules apply in their order, and so do the faults of each. Counters belong to a rule: they start anew when it is
set again.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from resources.simulator.faults.fault import Fault, Reply, Request
from resources.simulator.faults.rule import Rule, dice

REMEMBERED = 10_000  # different requests per rule
Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Standing:
    """A rule in force. `met` counts its requests, `struck` those that it changed."""

    number: int
    rule: Rule
    met: Counter[Key | None] = field(default_factory=Counter)
    struck: Counter[Key | None] = field(default_factory=Counter)
    first: dict[tuple[int, Key], Reply] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What to call it."""
        return self.rule.name or f"rule {self.number}"


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that a request meets, the rule it is from, and the request with its dice."""

    fault: Fault
    standing: Standing
    place: int
    request: Request

    def remember(self, reply: Reply) -> Reply:
        """The first reply that this fault saw to such a request; this one when it is the first."""
        kept = self.standing.first
        if len(kept) >= REMEMBERED:
            kept.clear()
        return kept.setdefault((self.place, key(self.request)), reply)


@dataclass(slots=True)
class Faults:
    """Rules in their order. `seed` decides what chance brings."""

    seed: int = 7
    standing: list[Standing] = field(default_factory=list)
    _last: int = 0

    def add(self, rules: Iterable[Rule]) -> list[Standing]:
        """Let more rules stand, after those that do."""
        added = []
        for rule in rules:
            self._last += 1
            added.append(Standing(self._last, rule))
        self.standing = [*self.standing, *added]
        return added

    def replace(self, rules: Iterable[Rule]) -> list[Standing]:
        """Let these rules stand and no others; numbers begin anew, and with them chance."""
        self.clear()
        return self.add(rules)

    def clear(self) -> None:
        """No more faults."""
        self.standing, self._last = [], 0

    def remove(self, name: str) -> bool:
        """Take out a rule, by its name or number; false when there is none."""
        kept = [one for one in self.standing if name not in {one.rule.name, str(one.number)}]
        found = len(kept) < len(self.standing)
        self.standing = kept
        return found

    def meet(self, request: Request) -> list[Strike]:
        """Count a request; gives the faults it meets, in order."""
        return [strike for standing in self.standing for strike in self._struck(standing, request)]

    def _struck(self, standing: Standing, request: Request) -> list[Strike]:
        rule = standing.rule
        if not (rule.is_on(request.at) and rule.matches(request)):
            return []
        counted = key(request) if rule.per_request else None
        if len(standing.met) >= REMEMBERED:
            standing.met.clear()
        standing.met[counted] += 1
        thrown = dice(self.seed, standing.number, counted, standing.met[counted])
        spent = rule.times is not None and standing.struck[counted] >= rule.times
        if spent or not rule.takes(standing.met[counted], thrown):
            return []
        standing.struck[counted] += 1
        return [
            Strike(fault, standing, place, replace(request, draw=dice(self.seed, thrown, place)))
            for place, fault in enumerate(rule.faults)
        ]


def key(request: Request) -> Key:
    """What makes two requests the same."""
    return request.method, request.path, request.query
