"""Wire shape of executions.

Belongs here: a pure function from a trade to a JSON value. Does not: which trades there are (`orders/trades.py`).

Quirks kept on purpose: price, commission and position are text, size and net amount numbers; the net amount is positive
both ways and leaves the commission out; the position is today's, not the one after the trade.
"""

import zlib
from datetime import UTC, datetime

from resources.simulator.accounts.book import UNIT
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.orders.trades import Trade
from resources.simulator.shapes.orders import listing, priced, second_description
from resources.simulator.shapes.session import USER_NAME

VENUES = ("IBKRATS", "NASDAQ", "ARCA", "IEX", "BATS", "NYSE")  # where American shares were filled


def execution(trade: Trade, position: float, reference: str) -> dict[str, object]:
    """One row of the trades."""
    entry, contract = trade.entry, trade.contract
    size, price = abs(entry.quantity) / UNIT, priced(contract, entry.price)
    venue = where(trade)
    at = datetime.fromtimestamp(entry.at, UTC)
    return {
        "execution_id": trade.execution_id,
        "symbol": contract.symbol,
        "supports_tax_opt": "1",
        "side": "B" if entry.quantity > 0 else "S",
        "order_description": f"{'Bot' if entry.quantity > 0 else 'Sold'} {size:g} @ {price} on {venue}",
        "trade_time": f"{at:%Y%m%d-%H:%M:%S}",
        "trade_time_r": entry.at * 1000,
        "size": size,
        "price": price,
        **({"order_ref": reference} if reference else {}),
        "submitter": USER_NAME,
        "exchange": venue,
        "commission": str(entry.commission / 100),
        "net_amount": round(size * entry.price * contract.multiplier, 2),
        "account": trade.account_id,
        "accountCode": trade.account_id,
        "account_allocation_name": trade.account_id,
        "company_name": contract.name,
        "contract_description_1": contract.symbol,
        **second_description(contract, "contract_description_2"),
        "sec_type": contract.asset_class,
        "listing_exchange": listing(contract),
        "conid": contract.conid,
        "conidEx": str(contract.conid),
        "position": f"{position:.10g}",
        "clearing_id": "IB",
        "clearing_name": "IB",
        "liquidation_trade": "0",
        "is_event_trading": "0",
        "order_id": trade.number,
    }


def where(trade: Trade) -> str:
    """The venue of a fill."""
    contract: Instrument = trade.contract
    if contract.asset_class != "STK" or not contract.is_us:
        return contract.exchange
    return VENUES[zlib.crc32(trade.execution_id.encode()) % len(VENUES)]
