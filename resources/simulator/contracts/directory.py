"""Finding contracts the way a person does: by symbol, by the beginning of one, or by a company's name.

Belongs here: which contracts a search means. Does not: derivatives of what was found (`market/chains.py`),
wire shapes (`shapes/search.py`).

Shares, pairs of currencies and the indices behind futures are found one by one, bonds by their issuers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from resources.simulator.contracts.bonds import Bond, bond
from resources.simulator.contracts.derivatives import ROOTS, spot
from resources.simulator.contracts.instruments import Instrument

SINGLE = ("STK", "IND", "CASH")


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched, in capitals. `kind` is a class of contracts, "" for any."""

    text: str
    kind: str = ""
    by_name: bool = False
    by_prefix: bool = False

    def means(self, symbol: str, name: str) -> bool:
        """Whether a contract of that symbol and name is meant."""
        if self.by_name:
            return self.text in name.upper()
        return symbol.startswith(self.text) if self.by_prefix else symbol == self.text


def singles(instruments: Iterable[Instrument], question: Question) -> list[Instrument]:
    """Indices, then shares and pairs in the market's order."""
    spots = [found for root in ROOTS if (found := spot(root.underlying))]
    kinds = {question.kind} if question.kind else set(SINGLE)
    wanted = kinds.intersection(SINGLE)
    return [
        each
        for each in (*spots, *instruments)
        if each.asset_class in wanted and any(question.means(symbol, each.name) for symbol in _symbols(each))
    ]


def bonds(instruments: Iterable[Instrument], question: Question) -> list[Bond]:
    """Bonds of the issuers that are meant."""
    if question.kind not in {"", "BOND"}:
        return []
    return _bonds(instruments, lambda found: question.means(found.instrument.symbol, found.issuer))


def issued(instruments: Iterable[Instrument], issuer_id: str) -> list[Bond]:
    """Bonds of one issuer."""
    return _bonds(instruments, lambda found: found.issuer_id == issuer_id)


def _bonds(instruments: Iterable[Instrument], wanted: Callable[[Bond], bool]) -> list[Bond]:
    return [found for each in instruments if (found := bond(each)) and wanted(found)]


def _symbols(instrument: Instrument) -> list[str]:
    """A pair answers to its whole symbol and to the currency it begins with."""
    pair = instrument.asset_class == "CASH"
    return [instrument.symbol, instrument.name] if pair else [instrument.symbol]
