"""The filters by code: thresholds on a measure, and choices between named things.

Belongs here: codes, and which contracts pass. Does not: ranking (`scans.py`), the numbers (`sheet.py`).

Only what this world can say is offered. Several filters must all pass. What is not known never passes a threshold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.paths import Floats
from resources.simulator.scanner.sheet import Sheet

Mask = npt.NDArray[np.bool_]
YES = {"1", "true", "yes"}


class FilterError(ValueError):
    """A filter that does not exist, or a value that it cannot take."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Keeps what reaches a value, or what does not exceed it."""

    code: str
    name: str
    measure: str
    above: bool
    kind: str = "non-range"

    def passed(self, sheet: Sheet, value: object) -> Mask:
        """Which contracts of a sheet pass."""
        try:
            limit = float(str(value).replace(",", ""))
        except ValueError:
            raise FilterError(f"invalid value {value} of filter {self.code}") from None
        measured: Floats = sheet.measures[self.measure]
        with np.errstate(invalid="ignore"):
            return np.asarray(measured >= limit if self.above else measured <= limit, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Choice:
    """Keeps what a word describes."""

    code: str
    name: str
    suits: Callable[[Instrument, str], bool]
    kind: str = "combo"

    def passed(self, sheet: Sheet, value: object) -> Mask:
        """Which contracts of a sheet pass."""
        word = str(value).strip()
        return np.array([self.suits(contract, word) for contract in sheet.contracts], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Flag:
    """Keeps what a measure marks, or what it does not."""

    code: str
    name: str
    measure: str
    kind: str = "combo"

    def passed(self, sheet: Sheet, value: object) -> Mask:
        """Which contracts of a sheet pass."""
        marked = ~np.isnan(sheet.measures[self.measure])
        return np.asarray(marked if str(value).lower() in YES else ~marked, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Lead:
    """Keeps of each root the future that expires next."""

    code: str
    name: str
    kind: str = "combo"

    def passed(self, sheet: Sheet, value: object) -> Mask:
        """Which contracts of a sheet pass."""
        wanted = str(value).lower() in YES
        first: dict[str, Instrument] = {}
        for contract in sorted(sheet.contracts, key=lambda contract: contract.expiry or date.max):
            first.setdefault(contract.symbol, contract)
        leads = [not wanted or first[contract.symbol] is contract for contract in sheet.contracts]
        return np.array(leads, dtype=np.bool_)


Filter = Threshold | Choice | Flag | Lead


def apply(sheet: Sheet, asked: Sequence[tuple[str, object]]) -> Mask:
    """Which contracts pass all the filters asked for."""
    mask = np.ones(len(sheet.contracts), dtype=np.bool_)
    for code, value in asked:
        if code not in FILTERS:
            raise FilterError(f"invalid filter {code}")
        mask &= FILTERS[code].passed(sheet, value)
    return mask


def _pair(stem: str, name: str, measure: str, unit: str = "") -> tuple[Threshold, Threshold]:
    return (
        Threshold(f"{stem}Above{unit}", f"{name} Above", measure, above=True),
        Threshold(f"{stem}Below{unit}", f"{name} Below", measure, above=False),
    )


def _optionable(contract: Instrument, word: str) -> bool:
    return contract.has_options is (word.lower() in YES)


def _of_type(contract: Instrument, word: str) -> bool:
    """inc:ETF keeps funds alone, exc:ETF all but them; CORP is a company's share, whatever the world calls it."""
    how, _, wanted = word.partition(":")
    kind = {"COMMON": "CORP"}.get(contract.kind or "", contract.kind or "")
    names = {"CORP", kind} if kind == "ADR" else {kind}
    return (wanted in names) is (how != "exc")


MEASURED: Mapping[str, tuple[str, str]] = {
    "price": ("Price", "last"),
    "usdPrice": ("Price ($)", "dollar_price"),
    "volume": ("Volume", "volume"),
    "usdVolume": ("Volume ($)", "dollar_volume"),
    "avgVolume": ("Avg Volume", "average_volume"),
    "avgUsdVolume": ("Avg Volume ($)", "average_dollar_volume"),
    "volumeRate": ("Volume Rate", "volume1"),
    "stVolume3min": ("3min Volume", "volume3"),
    "stVolume5min": ("5min Volume", "volume5"),
    "stVolume10min": ("10min Volume", "volume10"),
    "changePerc": ("Change (%)", "change"),
    "changeOpenPerc": ("Change Since Open (%)", "since_open"),
    "openGapPerc": ("Gap (%)", "gap"),
    "priceRange": ("Price Range", "range"),
    "histDividendFrd": ("Dividends TTM", "dividends"),
    "histDividendFrdYield": ("Dividend Yield TTM (%)", "yield"),
    "optVolume": ("Option Volume", "option_volume"),
    "optVolumePCRatio": ("Opt Volume P/C Ratio", "put_call"),
    "curMACD": ("MACD", "divergence"),
    "curPPO": ("PPO", "divergence_percent"),
    **{f"curEMA{span}": (f"EMA({span})", f"average{span}") for span in (20, 50, 100, 200)},
    **{
        f"lastVsEMAChangeRatio{span}": (f"Price vs EMA({span}) Change(%)", f"against{span}")
        for span in (20, 50, 100, 200)
    },
}
NEEDING_OPTIONS = {f"{stem}{side}" for stem in ("optVolume", "optVolumePCRatio") for side in ("Above", "Below")}
_OFFERED: tuple[Filter, ...] = (
    *(half for stem, (name, measure) in MEASURED.items() for half in _pair(stem, name, measure)),
    *_pair("marketCap", "Capitalization (millions)", "capital", "1e6"),
    *_pair("maturityDate", "Maturity Date", "maturity"),
    Choice("hasOptionsIs", "Has Options", _optionable),
    Flag("haltedIs", "Halted", "halted"),
    Choice("stkTypes", "Stock type", _of_type),
    Choice("issuerCountryIs", "Issuer Country", lambda contract, word: contract.country == word),
    Lead("leadFutOnly", "Lead Month Only"),
    Choice("underConID", "Underlying Contract", lambda contract, word: str(contract.underlying) == word),
)
FILTERS: Mapping[str, Filter] = {each.code: each for each in _OFFERED}
