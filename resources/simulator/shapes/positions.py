"""Wire shapes of positions: cold rows, warm rows, and the newer portfolio2 rows.

Belongs here: pure functions from a held position to JSON values. Does not: which rows are warm
(`routes/positions.py`), or the definition of a contract (`definitions.py`).

Prices carry the noise of 32-bit floats, as recorded (97.62000275); values do not.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from resources.simulator.accounts.valuation import Held
from resources.simulator.contracts.derivatives import delivery
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.shapes.definitions import secdef_row

PAGE = 100
LOADING_TIME = 18  # ms that loading the definition took
BLANK: dict[str, object] = {"expiry": None, "putOrCall": None, "multiplier": None, "strike": 0.0, "undConid": 0}


def cold(account_id: str, held: Held) -> dict[str, object]:
    """The 21 keys that are always there."""
    contract = held.contract
    cost = _cost(held)
    return {
        "acctId": account_id,
        "conid": contract.conid,
        "contractDesc": description(contract),
        "position": held.quantity,
        "mktPrice": noisy(held.price),
        "mktValue": held.value / 100,
        "currency": contract.currency,
        "avgCost": round(cost, 8),
        "avgPrice": round(cost / contract.multiplier, 8),
        "realizedPnl": held.realized / 100,
        "unrealizedPnl": held.unrealized / 100,
        "exchs": None,
        "expiry": f"{contract.expiry:%Y%m%d}" if contract.expiry else None,
        "putOrCall": contract.right,
        "multiplier": _multiplier(contract),
        "strike": contract.strike,
        "exerciseStyle": None,
        "conExchMap": [],
        "assetClass": contract.asset_class,
        "undConid": contract.underlying,
        "model": "",
    }


def warm(account_id: str, held: Held, rate: float) -> dict[str, object]:
    """A row whose contract's definition is loaded, with amounts in base currency beside."""
    row = cold(account_id, held)
    own = {key: value for key, value in secdef_row(held.contract).items() if key not in row}
    return {
        **row,
        "multiplier": _multiplier(held.contract) or 0.0,
        "strike": f"{held.contract.strike:g}",
        **_in_base(row, rate),
        **own,
        "time": LOADING_TIME,
        "crossCurrency": False,
        "pageSize": PAGE,
    }


def modern(held: Held, at: datetime) -> dict[str, object]:
    """A portfolio2 row: other names, and the conid as text."""
    contract = held.contract
    cost = _cost(held)
    return {
        "position": held.quantity,
        "conid": str(contract.conid),
        "avgCost": cost,
        "avgPrice": cost / contract.multiplier,
        "currency": contract.currency,
        "description": description(contract),
        "isLastToLoq": False,
        "marketPrice": float(np.float32(held.price)),
        "marketValue": held.value / 100,
        "realizedPnl": held.realized / 100,
        "secType": contract.asset_class,
        "timestamp": int(at.timestamp()),
        "unrealizedPnl": held.unrealized / 100,
        "assetClass": contract.asset_class,
        "sector": contract.sector,
        "group": contract.group,
        "model": "",
    }


def combo(account_id: str, legs: Sequence[tuple[Held, int]]) -> dict[str, object]:
    """A combo and its legs. The legs' terms are blank, and nothing says a model, as recorded."""
    text = "".join(f"{ratio:+d}*{leg.contract.conid}" for leg, ratio in legs).removeprefix("+")
    rows = [{**cold(account_id, leg), **BLANK} for leg, _ in legs]
    return {
        "name": f"CP.CP{zlib.crc32(text.encode()):08x}",
        "description": text,
        "legs": [{"conid": str(leg.contract.conid), "ratio": ratio} for leg, ratio in legs],
        "positions": [{key: value for key, value in row.items() if key != "model"} for row in rows],
    }


def description(contract: Instrument) -> str:
    """How a contract is named in a list of positions."""
    if contract.asset_class == "OPT" and contract.expiry:
        short = f"{contract.expiry:%y%m%d}{contract.right}{round(contract.strike * 1000):08d}"
        month = f"{contract.expiry:%b%Y}".upper()
        return f"{contract.symbol:<6} {month} {contract.strike:g} {contract.right} [{contract.symbol:<6}{short} 100]"
    if contract.asset_class == "FUT" and (delivered := delivery(contract)):
        return f"{contract.symbol} {delivered:%b%Y}".upper()
    return contract.name if contract.asset_class == "BOND" else contract.symbol


def noisy(price: float) -> float:
    """A price as the wire shows it."""
    return round(float(np.float32(price)), 8)


def _cost(held: Held) -> float:
    """Of one contract; nothing for a position that is gone."""
    return held.cost / 100 / held.quantity if held.quantity else 0.0


def _multiplier(contract: Instrument) -> float | None:
    return contract.multiplier if contract.asset_class in {"OPT", "FUT"} else None


def _in_base(row: dict[str, object], rate: float) -> dict[str, object]:
    names = ("mktValue", "mktPrice", "avgCost", "avgPrice", "realizedPnl", "unrealizedPnl")
    return {f"base{name[0].upper()}{name[1:]}": float(str(row[name])) * rate for name in names}
