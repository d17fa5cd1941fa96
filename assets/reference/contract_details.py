"""Contract details: what only the trading side tells of a contract (trading class, local symbol, codes), asked rarely.

One contract costs one request, hardly anything in it ever changes, and most of it is in `instruments` too, which cost
one request per 200. So each contract that is held or watched is asked for once, and again when its reply is older than
`[details] refresh_days`; a night asks for no more than `[details] requests` of them. What the gateway does not know,
it says so of with a 500 or 503: the next night asks again, and begins at another place, so that no other waits for it.
Names are written in snake_case here, unlike anywhere else in the API.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import month, zero_is_null
from assets.kit.schema import Row, column
from assets.kit.shape import Block, echoed, keyed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused, Unavailable
from resources.lake.tables import TableStore

DETAILS = Endpoint("/iserver/contract/{conid}/info")


class ContractDetail(Row):
    """One contract, as the trading side defines it."""

    known = frozenset({"expiry_full", "text", "classifier", "contract_clarification_type", "underlying_issuer"})

    conid: int = column("con_id", "IBKR's contract id.", gt=0)
    symbol: str | None = column("symbol", "Symbol; of derivatives the underlying's.")
    local_symbol: str | None = column("local_symbol", "Symbol at the exchange, with the terms of a derivative.")
    name: str | None = column("company_name", "Name of the issuer, fund, index or pair.")
    asset_class: str = column("instrument_type", "STK (ETFs too), OPT, FUT, BOND, CASH, ...")
    currency: str = column("currency", "Currency it trades in.", pattern="^[A-Z]{3}$")
    trading_class: str | None = column("trading_class", "Class it trades in, such as SPXW beside SPX.")
    cfi_code: str | None = column("cfi_code", "Classification by ISO 10962; often blank.")
    cusip: str | None = column("cusip", "CUSIP; null without a licence for it.")
    industry_group: str | None = column("industry", "Industry group.")
    industry: str | None = column("category", "Industry, finer than the group.")
    contract_month: date | None = column("contract_month", "First day of the month of a derivative.", parse=month)
    maturity_day: date | None = column("maturity_date", "Last day of the contract.")
    multiplier: float | None = column("multiplier", "Units per contract; null where there is none.", parse=zero_is_null)
    underlying_conid: int | None = column("underlying_con_id", "Contract id of the underlying.", parse=zero_is_null)
    exchange: str | None = column("exchange", "Where an order goes when nobody says where.")
    all_exchanges: str | None = column("valid_exchanges", "Every exchange it can be sent to, separated by commas.")
    is_smart_routed: bool | None = column("smart_available", "Whether IBKR can choose the exchange.")
    is_for_regular_hours: bool | None = column("r_t_h", "Whether it trades in regular hours.")
    is_free_of_commission: bool | None = column("is_zero_commission_security", "Whether trading it costs nothing.")
    is_long_sale_allowed: bool | None = column("allow_sell_long", "Whether a long position may be sold as such.")
    has_related_contracts: bool | None = column("has_related_contracts", "Whether there are derivatives of it.")


@landing(DETAILS, time="replayable", needs=["instruments"])
def raw_contract_details(fetch: Fetch) -> Iterator[Page]:
    """Details of contracts of which none are held, or old ones only, as many as a night may ask for."""
    for conid in _due(fetch)[: fetch.scope.details_requests]:
        try:
            yield fetch.gateway.ask(DETAILS, conid=conid)
        except (NoData, Refused, Unavailable) as nothing:
            fetch.say(f"contract {conid}: {nothing}")


@table(ContractDetail, raw=raw_contract_details, key=["conid"], shrinks="freely")
def contract_details(page: Page) -> Block:
    """What the trading side tells of contracts, on the trading day on which they were asked for."""
    reply = keyed(page.json)
    echoed("contract", [reply.get("con_id")], [page.params["conid"]])
    return rows([reply])


@check(contract_details, needs=["instruments"], is_blocking=False)
def details_agree_with_the_definition() -> str:
    """Class, currency and underlying are what `instruments` tells.

    Does not block: they come from two services of IBKR, of which either may be behind.
    """
    return """
        select d.trading_day, d.conid, d.asset_class, i.asset_class as defined_asset_class, d.currency,
               i.currency as defined_currency, d.underlying_conid, i.underlying_conid as defined_underlying_conid
        from contract_details d join instruments i using (trading_day, conid)
        where d.asset_class <> i.asset_class or d.currency <> i.currency or d.underlying_conid <> i.underlying_conid
    """


def _due(fetch: Fetch) -> list[int]:
    """Contracts to ask for, each day beginning with another; those of this day count as not asked for yet."""
    file = fetch.tables.file("instruments", "trading_day", fetch.day.isoformat())
    if file is None or not fetch.scope.details_requests:
        return []
    known = _known(fetch.tables, fetch.day, fetch.day - timedelta(days=fetch.scope.details_refresh_days))
    due = sorted(set(fetch.tables.columns(file, "conid")["conid"].tolist()) - known)
    place = fetch.day.toordinal() * fetch.scope.details_requests % len(due) if due else 0
    return due[place:] + due[:place]


def _known(tables: TableStore, day: date, oldest: date) -> set[int]:
    days = (value for value in tables.values("contract_details") if oldest.isoformat() <= value < day.isoformat())
    files = (tables.file("contract_details", "trading_day", value) for value in days)
    return {conid for file in files if file for conid in tables.columns(file, "conid")["conid"].tolist()}
