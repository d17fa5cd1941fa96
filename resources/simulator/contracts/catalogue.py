"""The well-known part of the simulated world: contracts that exist whatever the seed and the size.

Belongs here: stocks, funds, currency pairs and bonds with their public conids (those from 990000001 on
are invented), and the price each is near on the day the walks are tied to. Does not: contracts that
come and go with the calendar (`derivatives.py`), invented companies (`universe.py`).
"""

from dataclasses import dataclass
from datetime import date

from resources.simulator.contracts.instruments import Instrument

PRICED_ON = date(2026, 6, 30)  # the day on which each contract is near its price below


@dataclass(frozen=True, slots=True)
class Character:
    """How a contract's price behaves. Volatilities are of daily log returns."""

    price: float
    own: float  # volatility of its own
    market: float  # volatility it shares with the market
    volume: float


@dataclass(frozen=True, slots=True)
class Listing:
    """A contract and its character."""

    instrument: Instrument
    character: Character


TECH = ("Technology", "Computers", "Computers")
CHIPS = ("Technology", "Semiconductors", "Electronic Compo-Semicon")
SOFTWARE = ("Technology", "Software", "Applications Software")
INTERNET = ("Communications", "Internet", "Web Portals/ISP")
SHOPS = ("Consumer, Cyclical", "Retail", "Retail-Discount")
CARS = ("Consumer, Cyclical", "Auto Manufacturers", "Auto-Cars/Light Trucks")
LUXURY = ("Consumer, Cyclical", "Apparel", "Textile-Apparel")
DRUGS = ("Consumer, Non-cyclical", "Pharmaceuticals", "Medical-Drugs")
FOOD = ("Consumer, Non-cyclical", "Food", "Food-Misc/Diversified")
DRINKS = ("Consumer, Non-cyclical", "Beverages", "Beverages-Non-alcoholic")
BANKS = ("Financial", "Banks", "Diversified Banking Inst")
OIL = ("Energy", "Oil&Gas", "Oil Comp-Integrated")
ENGINES = ("Industrial", "Aerospace/Defense", "Aerospace/Defense")
NOTHING = (None, None, None)

Sector = tuple[str | None, str | None, str | None]
COUNTRIES = {"LSE": "GB", "IBIS": "DE", "SBF": "FR", "EBS": "CH", "AEB": "NL"}
CURRENCIES = {"LSE": "GBP", "IBIS": "EUR", "SBF": "EUR", "EBS": "CHF", "AEB": "EUR"}

# conid, symbol, name, exchange, kind, sector, price, own and shared volatility in percent a day, millions a day
STOCKS: list[tuple[int, str, str, str, str, Sector, float, float, float, float]] = [
    (265598, "AAPL", "APPLE INC", "NASDAQ", "COMMON", TECH, 215.0, 1.1, 1.0, 52.0),
    (272093, "MSFT", "MICROSOFT CORP", "NASDAQ", "COMMON", SOFTWARE, 460.0, 1.0, 1.0, 21.0),
    (8314, "IBM", "INTL BUSINESS MACHINES CORP", "NYSE", "COMMON", TECH, 250.0, 1.0, 0.7, 4.2),
    (208813720, "GOOG", "ALPHABET INC-CL C", "NASDAQ", "COMMON", INTERNET, 185.0, 1.2, 1.0, 19.0),
    (208813719, "GOOGL", "ALPHABET INC-CL A", "NASDAQ", "COMMON", INTERNET, 183.0, 1.2, 1.0, 28.0),
    (107113386, "META", "META PLATFORMS INC-CLASS A", "NASDAQ", "COMMON", INTERNET, 620.0, 1.4, 1.1, 13.0),
    (3691937, "AMZN", "AMAZON.COM INC", "NASDAQ", "COMMON", INTERNET, 210.0, 1.3, 1.1, 38.0),
    (4815747, "NVDA", "NVIDIA CORP", "NASDAQ", "COMMON", CHIPS, 140.0, 2.0, 1.5, 190.0),
    (4391, "AMD", "ADVANCED MICRO DEVICES", "NASDAQ", "COMMON", CHIPS, 130.0, 2.0, 1.5, 44.0),
    (270639, "INTC", "INTEL CORP", "NASDAQ", "COMMON", CHIPS, 31.0, 1.6, 1.1, 61.0),
    (76792991, "TSLA", "TESLA INC", "NASDAQ", "COMMON", CARS, 310.0, 2.4, 1.5, 96.0),
    (13824, "WMT", "WALMART INC", "NYSE", "COMMON", SHOPS, 97.0, 0.9, 0.5, 17.0),
    (8894, "KO", "COCA-COLA CO/THE", "NYSE", "COMMON", DRINKS, 70.0, 0.7, 0.4, 14.0),
    (8719, "JNJ", "JOHNSON & JOHNSON", "NYSE", "COMMON", DRUGS, 155.0, 0.8, 0.4, 7.5),
    (11031, "PFE", "PFIZER INC", "NYSE", "COMMON", DRUGS, 26.0, 1.2, 0.5, 36.0),
    (1520593, "JPM", "JPMORGAN CHASE & CO", "NYSE", "COMMON", BANKS, 265.0, 0.9, 1.0, 9.0),
    (13977, "XOM", "EXXON MOBIL CORP", "NYSE", "COMMON", OIL, 108.0, 1.1, 0.7, 15.0),
    (166090175, "BABA", "ALIBABA GROUP HOLDING-SP ADR", "NYSE", "ADR", INTERNET, 118.0, 2.0, 0.9, 12.0),
    (756733, "SPY", "SPDR S&P 500 ETF TRUST", "ARCA", "ETF", NOTHING, 620.0, 0.1, 0.9, 68.0),
    (320227571, "QQQ", "INVESCO QQQ TRUST SERIES 1", "NASDAQ", "ETF", NOTHING, 545.0, 0.3, 1.1, 41.0),
    (136155102, "VOO", "VANGUARD S&P 500 ETF", "ARCA", "ETF", NOTHING, 570.0, 0.1, 0.9, 6.0),
    (9579970, "IWM", "ISHARES RUSSELL 2000 ETF", "ARCA", "ETF", NOTHING, 215.0, 0.5, 1.1, 29.0),
    (51529211, "GLD", "SPDR GOLD SHARES", "ARCA", "ETF", NOTHING, 300.0, 0.9, 0.0, 9.0),
    (273982664, "AAPL", "APPLE INC", "EBS", "COMMON", TECH, 172.0, 1.1, 1.0, 0.01),
    (990000001, "AZN", "ASTRAZENECA PLC", "LSE", "COMMON", DRUGS, 102.0, 1.0, 0.5, 2.4),
    (990000002, "ULVR", "UNILEVER PLC", "LSE", "COMMON", FOOD, 45.0, 0.8, 0.4, 2.9),
    (990000003, "RR.", "ROLLS-ROYCE HOLDINGS PLC", "LSE", "COMMON", ENGINES, 9.6, 1.6, 0.9, 21.0),
    (14204, "SAP", "SAP SE", "IBIS", "COMMON", SOFTWARE, 255.0, 1.0, 0.9, 1.6),
    (990000004, "SIE", "SIEMENS AG-REG", "IBIS", "COMMON", ENGINES, 215.0, 1.0, 0.9, 1.3),
    (990000005, "MC", "LVMH MOET HENNESSY LOUIS VUI", "SBF", "COMMON", LUXURY, 465.0, 1.2, 0.9, 0.5),
    (990000006, "TTE", "TOTALENERGIES SE", "SBF", "COMMON", OIL, 53.0, 1.0, 0.7, 4.8),
    (990000007, "ASML", "ASML HOLDING NV", "AEB", "COMMON", CHIPS, 680.0, 1.5, 1.2, 0.6),
    (990000008, "NESN", "NESTLE SA-REG", "EBS", "COMMON", FOOD, 80.0, 0.7, 0.4, 4.4),
    (990000009, "NOVN", "NOVARTIS AG-REG", "EBS", "COMMON", DRUGS, 97.0, 0.8, 0.4, 3.5),
]

# conid, base currency, quote currency, rate, volatility: each against the dollar, so that crosses follow
PAIRS = [
    (12087792, "EUR", "USD", 1.1450, 0.45),
    (12087797, "GBP", "USD", 1.3450, 0.50),
    (14433401, "AUD", "USD", 0.6550, 0.60),
    (39453441, "NZD", "USD", 0.6050, 0.60),
    (12087820, "USD", "CHF", 0.8150, 0.45),
    (15016059, "USD", "JPY", 146.20, 0.55),
    (15016062, "USD", "CAD", 1.3650, 0.35),
    (37893486, "USD", "SEK", 9.5500, 0.60),
]

# conid, symbol, name, coupon and maturity as the name says, price in percent of par, volatility
BONDS = [
    (990000101, "US-T", "US TREASURY N/B 4 1/4 11/15/34", date(2034, 11, 15), "GOVT", 99.0, 0.30),
    (990000102, "US-T", "US TREASURY N/B 3 7/8 08/15/33", date(2033, 8, 15), "GOVT", 97.5, 0.28),
    (990000103, "US-T", "US TREASURY N/B 4 5/8 05/15/54", date(2054, 5, 15), "GOVT", 96.2, 0.45),
    (990000104, "AAPL", "APPLE INC 3.85 08/04/46", date(2046, 8, 4), "CORP", 84.5, 0.40),
    (990000105, "MSFT", "MICROSOFT CORP 3.3 02/06/27", date(2027, 2, 6), "CORP", 99.1, 0.08),
    (990000106, "IBM", "IBM CORP 4 06/20/42", date(2042, 6, 20), "CORP", 83.9, 0.40),
]


def core() -> list[Listing]:
    """Everything above, stocks first."""
    return [*map(_stock, STOCKS), *map(_pair, PAIRS), *map(_bond, BONDS)]


def _stock(row: tuple[int, str, str, str, str, Sector, float, float, float, float]) -> Listing:
    conid, symbol, name, exchange, kind, sector, price, own, shared, millions = row
    return Listing(
        stock(conid, symbol, name, exchange=exchange, kind=kind, sector=sector),
        Character(price, own / 100, shared / 100, millions * 1e6),
    )


def stock(conid: int, symbol: str, name: str, *, exchange: str, kind: str, sector: Sector) -> Instrument:
    """A share or a fund, in the currency of its exchange."""
    return Instrument(
        conid=conid,
        symbol=symbol,
        name=name,
        asset_class="STK",
        currency=CURRENCIES.get(exchange, "USD"),
        exchange=exchange,
        country=COUNTRIES.get(exchange, "US"),
        kind=kind,
        sector=sector[0],
        group=sector[1],
        sector_group=sector[2],
        multiplier=1.0,
    )


def _pair(row: tuple[int, str, str, float, float]) -> Listing:
    conid, base, quote, rate, own = row
    pair = Instrument(conid, f"{base}.{quote}", base, "CASH", quote, "IDEALPRO", "", None, *NOTHING, multiplier=1.0)
    return Listing(pair, Character(rate, own / 100, 0.0, 0.0))


def _bond(row: tuple[int, str, str, date, str, float, float]) -> Listing:
    conid, symbol, name, maturity, kind, percent, own = row
    sector: Sector = ("Government", "Sovereign", "Sovereign") if kind == "GOVT" else TECH
    bond = Instrument(
        conid, symbol, name, "BOND", "USD", "SMART", "US", kind, *sector, multiplier=0.01, expiry=maturity
    )
    return Listing(bond, Character(percent, own / 100, 0.0, 2_500_000.0))
