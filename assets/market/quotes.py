"""Quotes: the market in everything held or watched at one moment; at night, and during the day if wished.

The first look at a contract opens a line of market data and tells its id alone; prices come with the second look or a
later one, what is computed elsewhere (greeks, volatilities) a look after them, and a later look may leave out what an
earlier one told. So the same is asked until each contract was told twice with its price, a few times at most, with
growing pauses, and a row is all that was told, the newer value first. A value that does not exist has no key: null.

A look takes 100 contracts and 50 fields, and about 100 lines can be open: they are given back after each hundred.
That changes nothing but what else streams from this gateway; closing lines one by one would cost a request each.
Rows come in another order than asked, or not at all. Some gateways tell of a derivative only once its underlying was
searched: that is done if no derivative was told of. The last price carries a C when it is a close, an H in a halt.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from assets.kit.availability import LETTERS, UNDERSTOOD, is_consolidated, timeliness
from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import after_letter, begins_with, figure
from assets.kit.schema import Row, column, derived
from assets.kit.shape import Block, echoed, keyed, listed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused, Unavailable
from resources.gateway.pacing import Limit

SNAPSHOT = Endpoint("/iserver/marketdata/snapshot", limit=Limit(10, 1.0))
CLOSE_LINES = Endpoint("/iserver/marketdata/unsubscribeall")
SEARCH = Endpoint("/iserver/secdef/search")
CONIDS_PER_REQUEST = 100
PAUSES = (0.2, 0.4, 0.8, 1.6)
DERIVATIVES = {"OPT", "FOP", "FUT", "WAR", "IOPT"}
AVAILABILITY = "6509"
PRICES = ("31", "84", "86")
CURRENCY, PERCENT = "instrument's currency", "percent, 1 is 1 %"


class Quote(Row):
    """One contract at one moment."""

    known = frozenset({"conidEx", "server_id", "6119", "6508", "topic"})

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    symbol: str | None = column("55", "Symbol; of derivatives the underlying's.")
    asset_class: str | None = column("6070", "STK (ETFs too), OPT, FUT, BOND, CASH, ...")
    availability: str | None = column(AVAILABILITY, "IBKR's code for what may be seen, e.g. RpB; null: nothing yet.")
    timeliness: str | None = derived(
        timeliness("availability"), f"How timely it is, by the first letter of the code: {LETTERS}."
    )
    is_consolidated: bool | None = derived(
        is_consolidated("availability"), "Whether it is of all markets together (p), not of one (P)."
    )
    updated_at: datetime | None = column("_updated", "When it last changed, by the market's clock.")
    last_price: float | None = column("31", "Last price, without its letter.", unit=CURRENCY, parse=after_letter)
    is_closing_price: bool | None = column("31", "Whether the last price is a close (C).", parse=begins_with("C"))
    is_halted: bool | None = column("31", "Whether trading is halted (H).", parse=begins_with("H"))
    bid_price: float | None = column("84", "Highest bid.", unit=CURRENCY, parse=figure)
    ask_price: float | None = column("86", "Lowest offer.", unit=CURRENCY, parse=figure)
    bid_size: float | None = column("88", "Size of the highest bid.", unit="units", parse=figure)
    ask_size: float | None = column("85", "Size of the lowest offer.", unit="units", parse=figure)
    last_size: float | None = column("7059", "Size of the last trade.", unit="units", parse=figure)
    mark_price: float | None = column("7635", "IBKR's mark.", unit=CURRENCY, parse=figure)
    change: float | None = column("82", "Last price less the close before.", unit=CURRENCY, parse=figure)
    change_percent: float | None = column("83", "The same by the close before.", unit=PERCENT, parse=figure)
    open_price: float | None = column("7295", "First price of the day.", unit=CURRENCY, parse=figure)
    high_price: float | None = column("70", "Highest price of the day.", unit=CURRENCY, parse=figure)
    low_price: float | None = column("71", "Lowest price of the day.", unit=CURRENCY, parse=figure)
    close_price: float | None = column("7296", "Close of the day, once there is one.", unit=CURRENCY, parse=figure)
    prior_close_price: float | None = column("7741", "Close of the day before.", unit=CURRENCY, parse=figure)
    year_high_price: float | None = column("7293", "Highest price of 52 weeks.", unit=CURRENCY, parse=figure)
    year_low_price: float | None = column("7294", "Lowest price of 52 weeks.", unit=CURRENCY, parse=figure)
    volume: float | None = column("7762", "Volume of the day.", unit="units", parse=figure)
    rounded_volume: float | None = column("87", "The same as screens show it, 12.4M.", unit="units", parse=figure)
    average_volume: float | None = column("7282", "Average volume of 90 days.", unit="units", parse=figure)
    market_capitalization: float | None = column("7289", "Market capitalization.", unit=CURRENCY, parse=figure)
    dividend_yield: float | None = column("7287", "Dividends by price.", unit=PERCENT, parse=figure)
    implied_volatility: float | None = column(
        "7283", "Volatility of the options on it, a year.", unit=PERCENT, parse=figure
    )
    option_volatility: float | None = column("7633", "Of an option its own, a year.", unit=PERCENT, parse=figure)
    historical_volatility: float | None = column("7087", "Volatility of 30 days, a year.", unit=PERCENT, parse=figure)
    delta: float | None = column("7308", "Change of the price by that of the underlying.", parse=figure)
    gamma: float | None = column("7309", "Change of delta by that of the underlying.", parse=figure)
    theta: float | None = column("7310", "Change of the price in a day.", parse=figure)
    vega: float | None = column("7311", "Change of the price by a percent of volatility.", parse=figure)
    open_interest: float | None = column("7638", "Open contracts.", unit="units", parse=figure)
    shortable_shares: float | None = column("7636", "Shares that can be borrowed.", unit="units", parse=figure)
    fee_rate: float | None = column("7637", "What borrowing costs, a year.", unit=PERCENT, parse=figure)
    shortable: str | None = column("7644", "How hard it is to borrow, in IBKR's words.")


FIELDS = tuple(dict.fromkeys(one.wire for one in Quote.columns if one.wire.isdecimal()))


@landing(SNAPSHOT, time="perishable", needs=["positions", "symbols"], is_intraday=True)
def raw_quotes(fetch: Fetch) -> Iterator[Page]:
    """Looks at everything held or watched, a hundred contracts at a time."""
    wanted = sorted(_wanted(fetch).items())
    for start in range(0, len(wanted), CONIDS_PER_REQUEST):
        contracts = dict(wanted[start : start + CONIDS_PER_REQUEST])
        pages = list(_looks(fetch, contracts))
        yield from pages
        if _search(fetch, contracts, pages):
            yield from _looks(fetch, contracts)
        try:
            fetch.gateway.ask(CLOSE_LINES)
        except (Refused, Unavailable, NoData) as error:
            fetch.say(f"the lines of market data stay open. {error}")


@table(Quote, raw=raw_quotes, key=["conid", "observed_at"], shrinks="freely")
def quotes(page: Page) -> Block:
    """The market in everything held or watched, at each look."""
    told = [keyed(one) for one in listed(page.json)]
    echoed("contract", (one.get("conid") for one in told), _asked(page))
    before = _together(page.earlier)
    names = {_conid(one) for one in told}
    left = (row for conid, row in before.items() if conid not in names)
    return rows([*({**before.get(_conid(one), {}), **one} for one in told), *left])


@check(raw_quotes, is_blocking=False)
def every_contract_asked_for_was_told(raw: RawPages) -> Iterator[str]:
    """Each contract that was asked for has a row, and the row a value.

    Does not block: a contract that has ended, or that the login may not see, is left out without a word.
    """
    for page in raw.answers:
        told = _together((*page.earlier, page))
        for conid in _asked(page):
            if conid not in told:
                yield f"contract {conid} was asked for, and has no row"
            elif AVAILABILITY not in told[conid]:
                yield f"contract {conid} was asked for {len(page.earlier) + 1} times, and its row stayed empty"


@check(quotes, is_blocking=False)
def availability_is_understood() -> str:
    """Each letter of each availability code is one whose meaning is known.

    Does not block: the quote is as good as before, its code is kept as it came; the letter's meaning must be found out.
    """
    return f"""
        select availability, count(*) as quotes, min(conid) as first_conid from quotes
        where not regexp_full_match(availability, '{UNDERSTOOD}') group by all order by availability
    """


@check(quotes, is_blocking=False)
def what_is_not_subscribed_has_no_price() -> str:
    """A contract of which the login may see nothing has no price.

    Does not block: a price that is there is kept; it is the code that is in doubt then.
    """
    return """
        select trading_day, observed_at, conid, availability, last_price, bid_price, ask_price from quotes
        where availability like 'N%' and coalesce(last_price, bid_price, ask_price) is not null
    """


@check(quotes, is_blocking=False)
def no_bid_is_above_its_ask() -> str:
    """The highest bid is at most the lowest offer.

    Does not block: for moments markets are crossed, and the two sides of a frozen quote may be of different moments.
    """
    return """
        select trading_day, observed_at, conid, bid_price, ask_price, availability from quotes
        where bid_price > ask_price
    """


def _wanted(fetch: Fetch) -> dict[int, str | None]:
    """Everything held or watched, a derivative with the symbol of its underlying.

    By the newest tables up to the day: while it lasts, its own are not built yet.
    """
    day = fetch.day.isoformat()
    held, listings = (fetch.tables.latest(name, "trading_day", day) for name in ("positions", "symbols"))
    found: dict[int, str | None] = dict.fromkeys(fetch.scope.watched_conids)
    if listings is not None:
        found |= dict.fromkeys(fetch.scope.conids_meant(fetch.tables.read([listings])))
    if held is not None:
        positions = fetch.tables.read([held], columns=["conid", "asset_class", "description", "quantity"])
        for conid, asset_class, description, quantity in positions.itertuples(index=False, name=None):
            if quantity:
                found[conid] = str(description).partition(" ")[0] if asset_class in DERIVATIVES else None
    return found


def _looks(fetch: Fetch, conids: Iterable[int]) -> Iterator[Page]:
    """The same question until it is answered for each contract, or has been asked often enough."""
    query = {"conids": ",".join(map(str, conids)), "fields": ",".join(FIELDS)}
    pages: list[Page] = []
    for pause in (*PAUSES, None):
        pages.append(fetch.gateway.ask(SNAPSHOT, query=query))
        yield pages[-1]
        if pause is None or _are_whole(pages):
            return
        fetch.pause(pause)


def _are_whole(pages: Sequence[Page]) -> bool:
    """Whether each contract was told of twice, and its price at least once, if it may be seen."""
    looks = Counter(_conid(row) for page in pages for row in _rows(page) if AVAILABILITY in row)
    priced = {
        conid
        for conid, row in _together(pages).items()
        if str(row.get(AVAILABILITY))[:1] == "N" or not row.keys().isdisjoint(PRICES)
    }
    return all(looks[conid] > 1 and conid in priced for conid in _asked(pages[0]))


def _search(fetch: Fetch, contracts: dict[int, str | None], pages: Sequence[Page]) -> bool:
    """Search the underlyings of derivatives if none of these was told of; whether that was worth another look."""
    underlyings = {str(conid): symbol for conid, symbol in contracts.items() if symbol}
    told = {conid for conid, row in _together(pages).items() if AVAILABILITY in row}
    if not underlyings or told & underlyings.keys():
        return False
    for symbol in sorted(set(underlyings.values())):
        try:
            fetch.gateway.ask(SEARCH, query={"symbol": symbol})
        except (Refused, Unavailable, NoData) as error:
            fetch.say(f"the underlying {symbol} was not found. {error}")
    return True


def _together(pages: Iterable[Page]) -> dict[str, dict[str, Any]]:
    """What replies told of each contract that was asked for; the later value stands."""
    found: dict[str, dict[str, Any]] = {}
    for page in pages:
        for row in _rows(page):
            found.setdefault(_conid(row), {}).update(row)
    return found


def _rows(page: Page) -> list[dict[str, Any]]:
    """The rows of a reply that are of what was asked for."""
    found = page.json if isinstance(page.json, list) else []
    return [one for one in found if isinstance(one, dict) and _conid(one) in _asked(page)]


def _asked(page: Page) -> list[str]:
    asked: str = page.params["conids"]
    return asked.split(",")


def _conid(row: dict[str, Any]) -> str:
    return str(row.get("conid"))
