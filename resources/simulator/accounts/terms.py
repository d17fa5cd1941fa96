"""Rules of the trade by kind of contract: lot sizes, sides, commissions, who pays what and when.

Belongs here: pure functions of a contract, a day and a draw. Does not: when a slot trades (`trading.py`).
"""

import zlib
from datetime import date

from resources.simulator.accounts.book import UNIT
from resources.simulator.accounts.marks import weekday_from
from resources.simulator.accounts.tape import Track
from resources.simulator.contracts.instruments import Instrument

COUPON = 2.0  # percent of face, twice a year
DIVIDEND = 0.0045  # of the price, four times a year


def lot(contract: Instrument) -> int:
    """Smallest usual order in ten-thousandths: 1,000 of face for bonds, else one."""
    return 1000 * UNIT if contract.asset_class == "BOND" else UNIT


def share_of_budget(contract: Instrument) -> float:
    """Premiums are small beside the stocks they stand for."""
    return {"OPT": 0.1, "FUT": 0.5}.get(contract.asset_class, 1.0)


def side(contract: Instrument, draw: float) -> int:
    """1 to buy, -1 to sell short; funds and bonds are never sold short."""
    short = {"OPT": 0.35, "FUT": 0.4, "BOND": 0.0}.get(contract.asset_class, 0.1)
    return -1 if draw < short and contract.kind != "ETF" else 1


def commission(contract: Instrument, change: int) -> int:
    """Cents in the contract's currency."""
    units = abs(change) / UNIT
    match contract.asset_class:
        case "OPT":
            return max(100, round(65 * units))
        case "FUT":
            return round(225 * units)
        case "BOND":
            return max(100, round(0.1 * units))
        case "CASH":
            return max(200, round(0.002 * units))
    return max(100, round(0.5 * units))


def amount(contract: Instrument, quantity: int, price: float) -> int:
    """Cents that a quantity in ten-thousandths is worth at a price."""
    return round(quantity / UNIT * price * contract.multiplier * 100)


def payday(month: date) -> date:
    """The day of a month on which contracts pay: its middle, or the Monday after it."""
    return weekday_from(month.replace(day=15))


def distribution(contract: Instrument, month: date, price: float) -> float:
    """What one unit pays in a month, as a price; 0.0 for most months."""
    if contract.asset_class == "BOND":
        return COUPON if contract.conid % 6 == month.month % 6 else 0.0
    pays = contract.asset_class == "STK" and contract.conid % 5 < 3 and contract.conid % 3 == month.month % 3
    return price * DIVIDEND if pays else 0.0


def fill(track: Track, conid: int, day: int) -> float:
    """A price inside the day's range; the last close when the contract does not trade that day."""
    where = track.at_or_before(day)
    if int(track.days[where]) != day:
        return float(track.close[where])
    low, high = float(track.low[where]), float(track.high[where])
    wished = low + (high - low) * fraction(conid, day)
    return min(high, max(low, round(wished, 2 if wished >= 1 else 4)))


def fraction(conid: int, day: int) -> float:
    """A number in [0, 1) that belongs to a contract and a day."""
    return zlib.crc32(b"%d:%d" % (conid, day)) / 2**32
