"""From what is wished of option chains to what a budget of requests allows. Pure.

A chain costs one search for its underlying, one request for the strikes of each month, and one for each of those
strikes, which tells both rights and every expiry inside the month: no other way through the API costs fewer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Size:
    """So many underlyings, so many months of each, so many strikes of each month."""

    underlyings: int
    months: int
    strikes: int

    def __str__(self) -> str:
        return f"{self.underlyings} underlyings x {self.months} months x {self.strikes} strikes"

    @property
    def requests(self) -> int:
        """What it costs, if every month and strike that is wished exists."""
        return self.underlyings * (1 + self.months * (1 + self.strikes))


@dataclass(frozen=True, slots=True)
class Underlying:
    """A contract with options, and the symbol that finds it."""

    conid: int
    symbol: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for, of which wish it is left, and the named underlyings that nobody here knows."""

    underlyings: tuple[Underlying, ...]
    wished: Size
    size: Size
    is_open: bool
    unknown: tuple[str, ...]

    @property
    def cut(self) -> str | None:
        """What the budget did not allow, in words."""
        if self.size == self.wished:
            return None
        return f"{self.wished} would cost {self.wished.requests} requests; asked for are {self.size}"

    @property
    def is_as_wished(self) -> bool:
        """Whether the owner has what was asked for: of an open wish some underlyings, each of them whole."""
        reached = replace(self.wished, underlyings=self.size.underlyings) if self.is_open else self.wished
        return self.size == reached


def planned(candidates: Sequence[Underlying], named: Sequence[str], *, months: int, strikes: int, budget: int) -> Plan:
    """A plan for the named ones of the candidates, in the order named; for all, the foremost first, when none is.

    A budget of nothing says that nothing is wished.
    """
    if not budget:
        candidates, named = [], []
    chosen = [one for entry in named for one in candidates if entry in {str(one.conid), one.symbol}]
    underlyings = list(dict.fromkeys(chosen)) if named else candidates
    wished = Size(len(underlyings), months, strikes)
    size = fitted(wished, budget, is_open=not named)
    known = {text for one in candidates for text in (str(one.conid), one.symbol)}
    unknown = tuple(entry for entry in named if entry not in known)
    return Plan(tuple(underlyings[: size.underlyings]), wished, size, not named, unknown)


def fitted(wished: Size, budget: int, *, is_open: bool = False) -> Size:
    """The wish, cut until it costs no more than the budget.

    The widest is cut first: strikes far from the price, then far months, underlyings last. Of an open wish nobody named
    the underlyings: it is for as many as can be had whole, and is cut otherwise only if that is none.
    """
    size = _as_many_as_fit(wished, budget) if is_open else wished
    while size.requests > budget:
        size = _cut(size)
    return size


def nearest(strikes: Iterable[float], price: float | None, count: int) -> list[float]:
    """The strikes nearest to a price, lowest first; without a price, those in the middle of the list."""
    ordered = sorted(set(strikes))
    if price is None and ordered:
        price = ordered[len(ordered) // 2]
    return sorted(sorted(ordered, key=lambda strike: abs(strike - (price or 0.0)))[:count])


def _as_many_as_fit(wished: Size, budget: int) -> Size:
    whole = budget // replace(wished, underlyings=1).requests
    return replace(wished, underlyings=min(wished.underlyings, max(1, whole)))


def _cut(size: Size) -> Size:
    if size.strikes > 1:
        return replace(size, strikes=size.strikes - 1)
    if size.months > 1:
        return replace(size, months=size.months - 1)
    return replace(size, underlyings=size.underlyings - 1)
