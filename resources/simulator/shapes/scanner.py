"""Wire shapes of the scanner, as the brokerage side and as the old history service have them.

Belongs here: pure functions from scans and hits to JSON values. Does not: running them (`scanner/scan.py`).

The first row alone names the column. A scan without a column says neither data nor, below, what it is.
"""

from collections.abc import Sequence
from datetime import datetime

from resources.simulator.clock import NEW_YORK
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.scanner.filters import FILTERS
from resources.simulator.scanner.places import KINDS, Location
from resources.simulator.scanner.scan import Hit
from resources.simulator.scanner.scans import NO_COLUMN, SCANS, Scan
from resources.simulator.shapes.positions import description

TIERS = {"NASDAQ": "NASDAQ.NMS"}
SHARES_ONLY = {"marketCapAbove1e6", "marketCapBelow1e6", "hasOptionsIs", "stkTypes", "issuerCountryIs"}
FUTURES_ONLY = {"leadFutOnly", "underConID"}
BONDS_ONLY = {"maturityDateAbove", "maturityDateBelow"}


def parameters() -> dict[str, object]:
    """Everything that can be asked for."""
    return {
        "scan_type_list": _scan_types(),
        "instrument_list": _instruments(),
        "filter_list": [
            {"group": each.code, "display_name": each.name, "code": each.code, **_choices(each.kind), "type": each.kind}
            for each in FILTERS.values()
        ],
        "location_tree": [_node(kind.location) for kind in KINDS.values()],
    }


def old_parameters() -> dict[str, object]:
    """The same for the history service: without filters, and with another word for a location."""
    return {
        "scan_type_list": _scan_types(),
        "instrument_list": _instruments(),
        "location_tree": [
            {
                "display_name": kind.location.name,
                "type": kind.location.code,
                "locations": [_old_node(below) for below in kind.location.below],
            }
            for kind in KINDS.values()
        ],
    }


def contracts(scan: Scan, hits: Sequence[Hit]) -> dict[str, object]:
    """The rows of a scan, best first."""
    has_column = scan.column != NO_COLUMN
    rows = [
        {
            "server_id": str(place),
            **({} if place else {"column_name": scan.column}),
            **_contract(hit.contract),
            **({"scan_data": scan.text(hit.value)} if has_column else {}),
            "contract_description_1": description(hit.contract),
            "listing_exchange": TIERS.get(hit.contract.exchange, hit.contract.exchange),
            "sec_type": hit.contract.asset_class,
        }
        for place, hit in enumerate(hits)
    ]
    return {"contracts": rows, **({"scan_data_column_name": scan.column} if has_column else {})}


def old_contracts(hits: Sequence[Hit], total: int, at: datetime) -> dict[str, object]:
    """The rows of a scan as ids and text."""
    when = f"{at.astimezone(NEW_YORK):%Y%m%d-%H:%M:%S}"
    found = [{"inScanTime": when, "contractID": str(hit.contract.conid)} for hit in hits]
    return {
        "total": str(total),
        "size": str(len(found)),
        "offset": "0",
        "scanTime": when,
        "id": "scanner1",
        "position": f"v1:{total:08x}{len(found):08x}",
        "Contracts": {"Contract": found},
    }


def _contract(contract: Instrument) -> dict[str, object]:
    return {
        "symbol": contract.symbol,
        "conidex": str(contract.conid),
        "con_id": contract.conid,
        "available_chart_periods": "#R|1",
        "company_name": contract.name,
    }


def _scan_types() -> list[dict[str, object]]:
    return [
        {"display_name": scan.name, "code": scan.code, "instruments": list(scan.instruments)} for scan in SCANS.values()
    ]


def _instruments() -> list[dict[str, object]]:
    return [{"display_name": kind.name, "type": kind.code, "filters": _filters(kind.code)} for kind in KINDS.values()]


def _filters(kind: str) -> list[str]:
    """The codes that make sense for a kind."""
    special = {"BOND": BONDS_ONLY, "FUT.": FUTURES_ONLY, "IND.": set[str]()}.get(kind[:4], SHARES_ONLY)
    others = (SHARES_ONLY | FUTURES_ONLY | BONDS_ONLY) - special
    return [code for code in FILTERS if code not in others]


def _choices(kind: str) -> dict[str, object]:
    """What a filter that is chosen from a list offers: any, or yes, or no."""
    return {"combo_values": [{"default": True}, {"default": False}, {"default": False}]} if kind == "combo" else {}


def _node(location: Location) -> dict[str, object]:
    own: dict[str, object] = {"display_name": location.name, "type": location.code}
    if location.below:
        return {**own, "locations": [_node(below) for below in location.below]}
    leaves: dict[str, dict[str, object]] = {"empty": {"locations": []}, "null": {"locations": None}}
    return {**own, **leaves.get(location.leaf, {})}


def _old_node(location: Location) -> dict[str, object]:
    below = [_old_node(one) for one in location.below]
    return {"display_name": location.name, "locationCode": location.code, "locations": below}
