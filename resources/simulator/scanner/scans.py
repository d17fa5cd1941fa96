"""The scans by code: what each ranks by, from which end, and how its column is written.

Belongs here: codes, and how a number becomes the text of a row. Does not: the numbers (`sheet.py`), where to
look (`places.py`).

A scan without a column of its own names it " " and gives its rows no data, as recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass

OPTIONS = {"option_volume", "put_call", "hot_options"}  # measures that need the options beside the shares
STOCKS = ("STK", "ETF.EQ.US", "STOCK.NA", "STOCK.EU", "STOCK.HK")
AMERICANS = ("STK", "ETF.EQ.US", "IND.US", "STOCK.HK")
FUTURES = ("FUT.US", "FUT.EU", "FUT.HK")
INDEXES = ("IND.US", "IND.EU")
BONDS = ("BOND", "BOND.GOVT")
NO_COLUMN = " "


@dataclass(frozen=True, slots=True)
class Scan:
    """Ranks by a measure, from the top unless `ascending`; only contracts whose `only` measure is 0 when given."""

    code: str
    name: str
    measure: str
    column: str
    text: Callable[[float], str]
    instruments: tuple[str, ...]
    ascending: bool = False
    only: str = ""


def percent(value: float) -> str:
    """Like +1.25%."""
    return f"{value:+.2f}%"


def price(value: float) -> str:
    """Like 215.03."""
    return f"{value:.2f}"


def amount(value: float) -> str:
    """Like 163.773K."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.3f}{letter}"
    return f"{value:.0f}"


def _nothing(_: float) -> str:
    return ""


def _both(
    codes: tuple[str, str],
    names: tuple[str, str],
    measure: str,
    column: str,
    text: Callable[[float], str],
    instruments: tuple[str, ...],
) -> tuple[Scan, Scan]:
    """The two ends of one ranking."""
    high, low = zip(codes, names, strict=True)
    return (
        Scan(*high, measure, column, text, instruments),
        Scan(*low, measure, column, text, instruments, ascending=True),
    )


def _place(weeks: str) -> tuple[Scan, Scan]:
    number = weeks.removesuffix("w")
    codes = (f"HIGH_VS_{number}W_HL", f"LOW_VS_{number}W_HL")
    return _both(
        codes,
        (f"{number}-Week High", f"{number}-Week Low"),
        f"place_{weeks}",
        f"{number}W Range%",
        lambda v: f"{v:.1f}%",
        STOCKS,
    )


def _against(span: int) -> tuple[Scan, Scan]:
    codes = (f"HIGH_LAST_VS_EMA{span}", f"LOW_LAST_VS_EMA{span}")
    names = (f"Price Above EMA({span})", f"Price Below EMA({span})")
    return _both(codes, names, f"against{span}", f"vs EMA({span})", percent, STOCKS)


EVERYTHING = (*STOCKS, *FUTURES, *INDEXES, *BONDS)
TRADED = (*STOCKS, *FUTURES)

# fmt: off
SCANS = {
    scan.code: scan
    for scan in (
        *_both(
            ("TOP_PERC_GAIN", "TOP_PERC_LOSE"), ("Top % Gainers", "Top % Losers"), "change", "Chg%", percent, EVERYTHING
        ),
        Scan("MOST_ACTIVE", "Most Active", "volume", "Volume", amount, (*TRADED, *BONDS)),
        Scan("NOT_YET_TRADED_TODAY", "Not Yet Traded Today", "close", NO_COLUMN, _nothing, TRADED, only="traded_today"),
        Scan("MOST_ACTIVE_USD", "Most Active ($)", "dollar_volume", "Volume ($)", amount, TRADED),
        Scan("MOST_ACTIVE_AVG_USD", "Most Active (Avg $)", "average_dollar_volume", "Avg Volume ($)", amount, STOCKS),
        Scan("HALTED", "Halted", "halted", NO_COLUMN, _nothing, TRADED),
        Scan("HOT_BY_PRICE", "Hot Contracts by Price", "hot_price", "Price Chg/Avg", price, TRADED),
        Scan("HOT_BY_VOLUME", "Hot Contracts by Volume", "hot_volume", "Volume/Avg", price, STOCKS),
        Scan("TOP_PRICE_RANGE", "Top Price Range", "range", "Range", price, TRADED),
        Scan("HOT_BY_PRICE_RANGE", "Hot By Price Range", "hot_range", "Range/Avg", price, TRADED),
        Scan("TOP_VOLUME_RATE", "Top Volume Rate", "volume1", "Volume/Min", amount, TRADED),
        *_both(
            ("TOP_OPEN_PERC_GAIN", "TOP_OPEN_PERC_LOSE"),
            ("Top % Gainers Since Open", "Top % Losers Since Open"),
            "since_open",
            "Chg% Since Open",
            percent,
            TRADED,
        ),
        *_both(
            ("HIGH_OPEN_GAP", "LOW_OPEN_GAP"), ("Top Close-to-Open % Gainers", "Top Close-to-Open % Losers"),
            "gap", "Gap%", percent, TRADED,
        ),
        Scan("HIGH_DIVIDEND_YIELD_IB", "High Dividend Yield", "yield", "Yield%", lambda v: f"{v:.2f}%", STOCKS),
        *_place("13w"), *_place("26w"), *_place("52w"),
        *_against(20), *_against(50), *_against(100), *_against(200),
        Scan("OPT_VOLUME_MOST_ACTIVE", "Most Active By Opt Volume", "option_volume", "Opt Volume", amount, AMERICANS),
        Scan("HOT_BY_OPT_VOLUME", "Hot By Opt Volume", "hot_options", "Opt Volume/Avg", price, AMERICANS),
        *_both(
            ("HIGH_OPT_VOLUME_PUT_CALL_RATIO", "LOW_OPT_VOLUME_PUT_CALL_RATIO"),
            ("High Opt Volume P/C Ratio", "Low Opt Volume P/C Ratio"),
            "put_call",
            "P/C",
            price,
            AMERICANS,
        ),
        *_both(
            ("FAR_MATURITY_DATE", "NEAR_MATURITY_DATE"), ("Far Maturity Date", "Near Maturity Date"),
            "maturity", "Maturity", lambda v: f"{v:.0f}", BONDS,
        ),
    )
}
# fmt: on
