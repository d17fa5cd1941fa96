"""Every contract of one kind side by side at an instant: the columns that scans rank and filters cut.

Belongs here: measures over many contracts. Does not: one contract's numbers (`standing.py`), which scan ranks
what (`scans.py`).

A sheet is made once per minute and shelf; between two minutes of a session only its latest numbers are
looked up anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from resources.simulator.calendars import hours
from resources.simulator.contracts import shares
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.halts import is_halted
from resources.simulator.market.market import HUB, MINUTE, Market
from resources.simulator.market.paths import Floats
from resources.simulator.scanner.standing import EARLIER, LATEST, SPANS, WEEKS, Standing, standing

PERCENT = 100.0
MILLION = 1e6
Shelf = tuple[str, bool]  # an asset class, in America or elsewhere


@dataclass(frozen=True, slots=True)
class Sheet:
    """Parallel to `contracts`: one array per measure; not-a-number where nothing is known."""

    contracts: Sequence[Instrument]
    measures: Mapping[str, Floats]


class Sheets:
    """The sheets of one market."""

    def __init__(self, market: Market, seed: int) -> None:
        self._market = market
        self._seed = seed
        self._standings: dict[int, Standing | None] = {}
        self._asked: dict[Shelf, float] = {}
        self._made: dict[Shelf, tuple[int, Sheet]] = {}

    def sheet(self, shelf: Shelf, at: datetime) -> Sheet:
        """The sheet of a shelf at an instant."""
        minute = int(at.timestamp()) // MINUTE
        found = self._made.get(shelf)
        if found is None or found[0] != minute:
            found = self._made[shelf] = (minute, self._make(shelf, at))
        return found[1]

    def _make(self, shelf: Shelf, at: datetime) -> Sheet:
        living = list(self._living(shelf, at))
        columns = dict(zip(LATEST, _turned([latest for _, latest in living], len(LATEST)), strict=True))
        columns |= zip(EARLIER, _turned([found.earlier for found, _ in living], len(EARLIER)), strict=True)
        contracts = [found.instrument for found, _ in living]
        rates = {name: self._market.fx(name, HUB, at) for name in {contract.currency for contract in contracts}}
        columns["rate"] = np.array([rates[contract.currency] for contract in contracts])
        columns["units"] = np.array([contract.multiplier for contract in contracts])
        columns["shares"] = np.array([shares.outstanding(self._seed, contract) for contract in contracts])
        columns["maturity"] = np.array([_number(contract.expiry) for contract in contracts])
        columns["halted"] = np.array([1.0 if is_halted(contract, at) else np.nan for contract in contracts])
        with np.errstate(divide="ignore", invalid="ignore"):
            return Sheet(contracts, {**columns, **{name: measure(columns) for name, measure in DERIVED.items()}})

    def _living(self, shelf: Shelf, at: datetime) -> Iterator[tuple[Standing, Sequence[float]]]:
        """Whatever trades, and how it stands; read anew where a session has begun since, or the clock went back."""
        now = at.timestamp()
        rewound = now < self._asked.get(shelf, 0.0)
        self._asked[shelf] = now
        for contract in self._market.instruments():
            if (contract.asset_class, contract.is_us) != shelf:
                continue
            known = self._standings.get(contract.conid)
            if known is None or rewound or now >= known.until:
                known = standing(self._market, contract, at)
                self._standings[contract.conid] = known
            if known is not None:
                yield known, known.latest(self._market, now, hours(contract.exchange).local_day(at))

    def options(self, contracts: Sequence[Instrument], at: datetime) -> dict[str, Floats]:
        """Volumes of listed options by what they are options on; not-a-number where none are listed.

        Apart from a sheet, because few scans ask and there are many options.
        """
        sheet = self.sheet(("OPT", True), at)
        sums: dict[tuple[int, str | None], list[float]] = {}
        for option, volume, usual in zip(
            sheet.contracts, sheet.measures["volume"], sheet.measures["average_volume"], strict=True
        ):
            total = sums.setdefault((option.underlying, option.right), [0.0, 0.0])
            total[0] += float(volume)
            total[1] += float(np.nan_to_num(usual))
        nothing = [float("nan"), float("nan")]
        puts, calls = (
            np.array([sums.get((each.conid, right), nothing) for each in contracts]).reshape(-1, 2).T for right in "PC"
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            traded, usual = puts[0] + calls[0], puts[1] + calls[1]
            return {"option_volume": traded, "put_call": puts[0] / calls[0], "hot_options": traded / usual}


Columns = Mapping[str, Floats]


def _turned(rows: Sequence[Sequence[float]], width: int) -> Floats:
    """Rows of contracts as columns of measures."""
    return np.array(rows, dtype=np.float64).reshape(-1, width).T


def _number(day: date | None) -> float:
    """A day as a number that sorts, like 20261216."""
    return float(f"{day:%Y%m%d}") if day else float("nan")


def _change(now: str, before: str) -> Callable[[Columns], Floats]:
    return lambda c: (c[now] / c[before] - 1) * PERCENT


def _place(weeks: str) -> Callable[[Columns], Floats]:
    """Where the price stands between the low and the high of some weeks, today included: 0 to 100."""

    def measure(c: Columns) -> Floats:
        top, bottom = np.fmax(c[f"high_{weeks}"], c["high"]), np.fmin(c[f"low_{weeks}"], c["low"])
        return np.asarray((c["last"] - bottom) / (top - bottom) * PERCENT)

    return measure


def _average(span: int) -> Callable[[Columns], Floats]:
    """An exponential average with today's price in it."""
    alpha = 2 / (span + 1)
    return lambda c: alpha * c["last"] + (1 - alpha) * c[f"ema{span}"]


def _against(span: int) -> Callable[[Columns], Floats]:
    return lambda c: (c["last"] / _average(span)(c) - 1) * PERCENT


def _dollars(amount: str) -> Callable[[Columns], Floats]:
    return lambda c: c[amount] * c["last"] * c["units"] * c["rate"]


def _divergence(c: Columns) -> Floats:
    return _average(12)(c) - _average(26)(c)


DERIVED: dict[str, Callable[[Columns], Floats]] = {
    "change": _change("last", "close"),
    "since_open": _change("last", "open"),
    "gap": _change("open", "close"),
    "range": lambda c: c["high"] - c["low"],
    "dollar_price": lambda c: c["last"] * c["rate"],
    "dollar_volume": _dollars("volume"),
    "average_dollar_volume": _dollars("average_volume"),
    "hot_volume": lambda c: c["volume"] / c["average_volume"],
    "hot_price": lambda c: (c["last"] - c["close"]) / c["average_change"],
    "hot_range": lambda c: (c["high"] - c["low"]) / c["average_range"],
    "capital": lambda c: c["shares"] * c["last"] * c["rate"] / MILLION,
    "yield": lambda c: c["dividends"] / c["last"] * PERCENT,
    "divergence": _divergence,
    "divergence_percent": lambda c: _divergence(c) / _average(26)(c) * PERCENT,
    **{f"place_{weeks}": _place(weeks) for weeks in WEEKS},
    **{f"average{span}": _average(span) for span in SPANS},
    **{f"against{span}": _against(span) for span in SPANS},
}
