"""The places of a book and what may fill each: the mix of stocks, funds, options, futures and bonds.

Belongs here: choosing contracts from a market, and how much of one a slot buys. Does not: when it
trades (`trading.py`).

The first account takes contracts in the market's order, best known first; others shuffle by a
checksum. Derivatives are dealt to slots by their own ids, so that a later listing only adds to the
end of a slot's line and leaves its past alone.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from resources.simulator.accounts import terms
from resources.simulator.accounts.book import UNIT
from resources.simulator.accounts.tape import Floats, Tape
from resources.simulator.contracts.instruments import Instrument

TYPICAL = 15_000.0  # base currency per slot
MIX = {"FUT": 0.025, "OPT": 0.18, "BOND": 0.08}  # of all slots; stocks and funds are the rest
MOST = {"FUT": 6, "OPT": 60}  # fixed, so that a slot's line does not change when more are listed
ALTERNATIVES = 0.2  # of the slots of stocks
FRACTIONAL = 0.12
POOL = 1.4  # contracts of a class to choose from, per slot
FORESIGHT = timedelta(days=730)  # bonds that mature sooner are left alone


@dataclass(frozen=True, slots=True)
class Slot:
    """One place: contracts by preference, and a stand-in for when none of them lives."""

    index: int
    contracts: tuple[Instrument, ...]
    stand_in: Instrument | None
    draws: Floats
    rates: Mapping[str, float]  # currency -> base, for sizes only

    @property
    def first(self) -> Instrument:
        """What it most likely holds at the beginning: derivatives are listed later."""
        return self.stand_in or self.contracts[0]

    def budget(self) -> float:
        """Target value in base currency: mostly near the typical one, now and then several times it."""
        return TYPICAL * float(np.exp(1.2 * (self.draws[0] - 0.5) + (1.0 if self.draws[1] > 0.93 else 0.0)))

    def size(self, contract: Instrument, price: float) -> int:
        """Signed quantity in ten-thousandths that the budget buys, at least one lot."""
        local = self.budget() * terms.share_of_budget(contract) / self.rates[contract.currency]
        units = local / max(price * contract.multiplier, 1e-6)
        fractional = self.draws[5] < FRACTIONAL and contract.asset_class == "STK"
        lot = 1 if fractional else terms.lot(contract)
        return max(lot, round(units * UNIT / lot) * lot) * terms.side(contract, float(self.draws[4]))


@dataclass(frozen=True, slots=True)
class Line:
    """Who waits for one slot."""

    index: int
    contracts: tuple[Instrument, ...]
    stand_in: Instrument | None


@dataclass(frozen=True, slots=True)
class Chooser:
    """Fills the slots of one account from the contracts of a market."""

    instruments: Sequence[Instrument]
    tape: Tape
    today: date
    seed: int
    account: int

    def slots(self, count: int, rates: Mapping[str, float]) -> list[Slot]:
        """As many slots as asked for, or as the market can fill."""
        draws = np.random.default_rng([self.seed, self.account]).random((rows(count), 8))
        lines = self._lines(count)
        return [
            Slot(line.index, line.contracts, line.stand_in, draws[line.index], rates)
            for line in lines
            if line.contracts or line.stand_in
        ]

    def _lines(self, count: int) -> list[Line]:
        by_class = self._by_class(int(POOL * count) + 40)
        hands = {
            **self._deal(by_class.get("FUT", []), "FUT", count, count),
            **self._deal(by_class.get("OPT", []), "OPT", count, count + MOST["FUT"]),
        }
        bonds = self._living(by_class.get("BOND", []))
        stocks = self._living(by_class.get("STK", []))
        plain = self._take([bonds], int(count * MIX["BOND"]))
        plain += self._take([stocks, bonds], count - len(hands) - len(plain))
        spare = iter(self._take([stocks], len(hands) + int(len(plain) * ALTERNATIVES) + 1))
        lines = [Line(index, hand, next(spare, None)) for index, hand in hands.items()]
        for index, contract in enumerate(plain):
            other = next(spare, None) if index % int(1 / ALTERNATIVES) == 0 else None
            lines.append(Line(index, (contract, other) if other else (contract,), None))
        return lines

    def _by_class(self, pool: int) -> dict[str, list[Instrument]]:
        """What there is to choose from: of a class no more than a pool, so that its far end does not matter."""
        found: dict[str, list[Instrument]] = {}
        for instrument in self.instruments:
            listed = found.setdefault(instrument.asset_class, [])
            if len(listed) < pool or instrument.asset_class in MOST:
                listed.append(instrument)
        if self.account:
            for listed in found.values():
                listed.sort(key=lambda contract: _mixed(self.account, contract.conid))
        return found

    def _deal(
        self, contracts: Sequence[Instrument], kind: str, count: int, first: int
    ) -> dict[int, tuple[Instrument, ...]]:
        """Contracts in order of expiry by the number of their slot, from `first` on."""
        wanted = min(int(count * MIX[kind]), MOST[kind]) if contracts else 0
        hands: dict[int, list[Instrument]] = {first + number: [] for number in range(wanted)}
        for contract in sorted(contracts, key=lambda contract: (contract.expiry or date.max, contract.conid)):
            if wanted:
                hands[first + _mixed(self.account, contract.conid) % wanted].append(contract)
        return {index: tuple(hand) for index, hand in hands.items()}

    def _living(self, contracts: Iterable[Instrument]) -> Iterator[Instrument]:
        today = self.today.toordinal()
        for contract in contracts:
            if self.tape.track(contract).at_or_before(today) >= 0 and _lasts(contract, self.today + FORESIGHT):
                yield contract

    def _take(self, sources: Sequence[Iterator[Instrument]], count: int) -> list[Instrument]:
        taken: list[Instrument] = []
        for source in sources:
            while len(taken) < count and (contract := next(source, None)):
                taken.append(contract)
        return taken


def rows(count: int) -> int:
    """How many different numbers the slots of a book of that size may have."""
    return count + MOST["FUT"] + MOST["OPT"]


def _lasts(contract: Instrument, day: date) -> bool:
    return contract.expiry is None or contract.expiry > day


def _mixed(account: int, conid: int) -> int:
    return zlib.crc32(b"%d:%d" % (account, conid))
