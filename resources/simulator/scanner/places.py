"""Where a scan looks: kinds of instruments, and the tree of locations below them.

Belongs here: what each name covers. Does not: what is looked for (`scans.py`, `filters.py`).

Kinds that nobody has listed in this world (Asia, Canada, indexes) are there as in every gateway, and empty.
Leaves of the tree say `locations` as [] or as null, or do not say it: recorded in all three forms.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.scanner.sheet import Shelf

Covers = Callable[[Instrument], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the instrument list; no shelf when there are no such contracts."""

    code: str
    name: str
    shelf: Shelf | None
    covers: Covers
    location: "Location"


@dataclass(frozen=True, slots=True)
class Location:
    """A node of the tree. `leaf` is how it says that nothing is below it."""

    code: str
    name: str
    covers: Covers
    below: tuple["Location", ...] = ()
    leaf: str = "absent"  # or "empty", or "null"


def _all(_: Instrument) -> bool:
    return True


def _none(_: Instrument) -> bool:
    return False


def _listed(*exchanges: str) -> Covers:
    return lambda contract: contract.exchange in exchanges


def _fund(contract: Instrument) -> bool:
    return contract.kind == "ETF"


def _government(contract: Instrument) -> bool:
    return contract.kind == "GOVT"


def _corporate(contract: Instrument) -> bool:
    return contract.kind != "GOVT"


def _empty(code: str, name: str, *leaves: tuple[str, str]) -> Kind:
    """A kind without contracts."""
    return Kind(code, name, None, _none, Location(code, name, _none, tuple(Location(*leaf, _none) for leaf in leaves)))


_MAJOR = Location(
    "STK.US.MAJOR",
    "Listed/NASDAQ",
    _all,
    (
        Location("STK.NYSE", "NYSE", _listed("NYSE"), leaf="empty"),
        Location("STK.NASDAQ", "NASDAQ", _listed("NASDAQ"), leaf="null"),
        Location("STK.ARCA", "ARCA", _listed("ARCA")),
        Location("STK.AMEX", "AMEX", _listed("AMEX")),
    ),
)
_AMERICAN = Location("STK.US", "US Stocks", _all, (_MAJOR, Location("STK.US.MINOR", "OTC Markets", _none, leaf="null")))
_EUROPEAN = (
    Location("STK.EU.SBF", "France (SBF)", _listed("SBF")),
    Location("STK.EU.IBIS", "Germany", _listed("IBIS"), leaf="empty"),
    Location("STK.EU.AEB", "Netherlands (AEB)", _listed("AEB")),
    Location("STK.EU.BM", "Spain (BM)", _none),
    Location("STK.EU.SWISS", "Switzerland", _listed("EBS"), leaf="empty"),
    Location("STK.EU.LSE", "United Kingdom (LSE)", _listed("LSE")),
)
_FUNDS = (
    Location("ETF.EQ.US.MAJOR", "Listed/NASDAQ", _all, leaf="empty"),
    Location("ETF.EQ.ARCA", "ARCA", _listed("ARCA")),
)
_FUTURES = (
    Location("FUT.GLOBEX", "GLOBEX", _listed("CME")),
    Location("FUT.CME", "CME", _listed("CME")),
    Location("FUT.ECBOT", "E-CBOT", _none),
    Location("FUT.NYMEX", "NYMEX", _listed("NYMEX")),
    Location("FUT.CFE", "CFE", _none),
)

KINDS = {
    kind.code: kind
    for kind in (
        Kind("STK", "US Stocks", ("STK", True), _all, Location("STK", "US Stocks", _all, (_AMERICAN,))),
        Kind("ETF.EQ.US", "US Equity ETFs", ("STK", True), _fund, Location("ETF.EQ.US", "US ETFs", _all, _FUNDS)),
        Kind("FUT.US", "US Futures", ("FUT", True), _all, Location("FUT.US", "US Futures", _all, _FUTURES)),
        _empty("IND.US", "US Indexes", ("IND.US.CBOE", "CBOE")),
        _empty("STOCK.NA", "America Non-US Stocks", ("STK.NA.CANADA", "Canada")),
        Kind("STOCK.EU", "Europe Stocks", ("STK", False), _all, Location("STOCK.EU", "Europe", _all, _EUROPEAN)),
        _empty("FUT.EU", "Europe Futures", ("FUT.EU.DTB", "Germany (DTB)"), ("FUT.EU.MONEP", "France (MONEP)")),
        _empty("IND.EU", "Europe Indexes", ("IND.EU.DTB", "Germany (DTB)"), ("IND.EU.ICEEU", "UK (ICEEU)")),
        _empty("STOCK.HK", "Asia Stocks", ("STK.HK.SEHK", "Hong Kong (SEHK)"), ("STK.HK.ASX", "Australia (ASX)")),
        _empty("FUT.HK", "Asia Futures", ("FUT.HK.HKFE", "Hong Kong (HKFE)"), ("FUT.HK.OSE_JPN", "Japan (OSE.JPN)")),
        Kind(
            "BOND",
            "Corporate Bonds",
            ("BOND", True),
            _corporate,
            Location("BOND", "Corporate Bonds", _all, (Location("BOND.US", "US Corporate", _all, leaf="null"),)),
        ),
        Kind(
            "BOND.GOVT",
            "Government Bonds",
            ("BOND", True),
            _government,
            Location("BOND.GOVT", "Government", _all, (Location("BOND.GOVT.US", "US Treasuries", _all, leaf="null"),)),
        ),
    )
}


def _nodes(location: Location, kind: Kind) -> Iterator[tuple[str, tuple[Kind, Location]]]:
    yield location.code, (kind, location)
    for below in location.below:
        yield from _nodes(below, kind)


LOCATIONS = dict(node for kind in KINDS.values() for node in _nodes(kind.location, kind))
