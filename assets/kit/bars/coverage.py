"""Which trading days of a contract are held, verified empty or missing: interval arithmetic. Pure.

Belongs here: counting how often a day was asked for without a bar, and cutting the days that are expected into
intervals of one state. Does not: what a reply asked for (`replies.py`), which days are due again (`gaps.py`).

A day is empty when no bar of it came though it was asked for at least twice. Before the first bar that is how the life
of a contract is found to begin: the days up to it that were asked for last decide, and what was ever asked for before
them is not expected, but keeps its evidence. Of a contract that never gave a bar, every reply without one tells of the
whole contract.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from resources.calendar.trading_days import Days

TWICE = 2
State = Literal["held", "verified_empty", "missing", "before_life"]
STATES: tuple[State, ...] = ("held", "verified_empty", "missing", "before_life")
EXPECTED: tuple[State, ...] = STATES[:3]


@dataclass(frozen=True, slots=True)
class Reply:
    """Where a raw reply lies, and when it was received."""

    at: datetime
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What one reply tells: of the trading days from `first` to `last` those in `got` have a bar, and no others."""

    first: date
    last: date
    got: Days
    reply: Reply


@dataclass(frozen=True, slots=True)
class Empty:
    """Trading days in a row that were asked for `asked` times without a bar; the first and the last reply of these."""

    first: date
    last: date
    asked: int
    earliest: Reply
    latest: Reply


@dataclass(frozen=True, slots=True)
class Interval:
    """Trading days in a row that are in one state, with what was asked of them without a bar."""

    state: State
    first: date
    last: date
    sessions: int
    evidence: Empty | None


def without_bars(sessions: Days, known: Sequence[Empty], asked: Sequence[Asked]) -> list[Empty]:
    """What was known to have no bar, and what new replies, in the order of receipt, add to it or show otherwise."""
    tally = _Tally(sessions)
    for empty in known:
        tally.begin(empty)
    for one in asked:
        tally.add(one)
    return list(tally.empties())


def of_the_whole(known: Sequence[Empty], asked: Sequence[Asked]) -> list[Empty]:
    """The same of a contract that never gave a bar: one statement from the first day asked for to the last."""
    told = [Empty(one.first, one.last, 1, one.reply, one.reply) for one in asked if not len(one.got)]
    if not (spans := [*known, *told]):
        return []
    replies = sorted((reply for one in spans for reply in (one.earliest, one.latest)), key=lambda reply: reply.at)
    count = max((one.asked for one in known), default=0) + len(told)
    return [Empty(min(one.first for one in spans), max(one.last for one in spans), count, replies[0], replies[-1])]


def is_its_beginning(first: date, empties: Sequence[Empty]) -> bool:
    """Whether the life of a contract began with its first bar, as the days asked for that come right before tell."""
    nearest = max((one for one in empties if one.first < first), key=lambda one: one.last, default=None)
    return nearest is not None and nearest.asked >= TWICE


def intervals(sessions: Days, held: Days, empties: Sequence[Empty]) -> list[Interval]:
    """The days cut by state, oldest first; days before the first bar that nobody asked for are left out."""
    of_day = np.full(len(sessions), -1)
    for place, empty in enumerate(empties):
        of_day[_between(sessions, empty.first, empty.last)] = place
    counts = np.array([*(empty.asked for empty in empties), 0])[of_day]
    has_bar = np.isin(sessions, held)
    code = np.where(counts >= TWICE, STATES.index("verified_empty"), STATES.index("missing"))
    if len(held):
        before, has_begun = sessions < held[0], is_its_beginning(held[0].item(), empties)
        code[before & ((counts >= TWICE) | has_begun)] = STATES.index("before_life")
        code[before & (counts == 0)] = -1
    code[has_bar] = STATES.index("held")
    of_day[has_bar] = -1
    found = []
    for run in _runs(code, of_day):
        if code[run.start] >= 0:
            first, last = sessions[run.start].item(), sessions[run.stop - 1].item()
            state, evidence = STATES[code[run.start]], _clipped(empties, of_day[run.start], first, last)
            found.append(Interval(state, first, last, run.stop - run.start, evidence))
    return found


class _Tally:
    """Per trading day how many replies had no bar of it, and which were the first and the last."""

    def __init__(self, sessions: Days) -> None:
        self._sessions = sessions
        self._count = np.zeros(len(sessions), dtype=np.int64)
        self._earliest = np.full(len(sessions), -1)
        self._latest = np.full(len(sessions), -1)
        self._replies: dict[Reply, int] = {}

    def begin(self, empty: Empty) -> None:
        days = _between(self._sessions, empty.first, empty.last)
        self._count[days] = empty.asked
        self._earliest[days], self._latest[days] = self._place(empty.earliest), self._place(empty.latest)

    def add(self, one: Asked) -> None:
        """A day whose bar came is not empty, whatever was told before."""
        days, place = _between(self._sessions, one.first, one.last), self._place(one.reply)
        came = np.isin(self._sessions[days], one.got)
        self._count[days] = np.where(came, 0, self._count[days] + 1)
        self._earliest[days] = np.where(self._count[days] == 1, place, self._earliest[days])
        self._latest[days] = place

    def empties(self) -> Iterator[Empty]:
        replies = list(self._replies)
        for run in _runs(self._count, self._earliest, self._latest):
            if count := int(self._count[run.start]):
                earliest, latest = replies[self._earliest[run.start]], replies[self._latest[run.start]]
                first, last = self._sessions[run.start].item(), self._sessions[run.stop - 1].item()
                yield Empty(first, last, count, earliest, latest)

    def _place(self, reply: Reply) -> int:
        return self._replies.setdefault(reply, len(self._replies))


def _clipped(empties: Sequence[Empty], place: int, first: date, last: date) -> Empty | None:
    return None if place < 0 else replace(empties[place], first=first, last=last)


def _between(sessions: Days, first: date, last: date) -> slice:
    start = int(np.searchsorted(sessions, np.datetime64(first)))
    return slice(start, int(np.searchsorted(sessions, np.datetime64(last), side="right")))


def _runs(*codes: "npt.NDArray[np.int64]") -> Iterator[slice]:
    """Stretches in which none of the codes changes."""
    length = len(codes[0])
    changes = np.any([code[1:] != code[:-1] for code in codes], axis=0)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), length] if length else []
    for start, stop in zip(edges, edges[1:], strict=False):
        yield slice(start, stop)
