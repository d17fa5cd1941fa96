"""Transactions: what happened in a contract within a year (trades, dividends, transfers) and what its sales earned.

Off by default: IBKR tells one contract per request, the next 15 minutes later. So a night asks for a few, for all
accounts at once: first those that were never asked for, then those asked for longest ago, what is held before what
was held. That goes by what was asked and not by what came, so that a contract which IBKR will not tell of does not
stand in the way for ever. Each is asked for in its own currency: then nothing is converted. The endpoint was once
out of order for weeks (500): a contract that failed twice on a day is left to a later night, or none would end.

Dates are as Java prints them (`Tue Mar 31 00:00:00 EDT 2026`); newer gateways add `rawDate`. Of the two families,
gains have amounts and contract ids as text. A purchase has a negative amount, a sale a negative quantity; dividends
have neither quantity nor price. There is no id. Equal rows of one reply are as many transactions, told apart by their
`place` among their equals; what is told again on a later night stands under that `trading_day`, as a vintage: of each
contract the latest one counts. For books of record IBKR's Flex reports are the source.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import day, epoch_ms, java_day
from assets.kit.schema import Row, column
from assets.kit.shape import Block, echoed, keyed, keyed_if_any, listed, rows
from assets.kit.tolerance import Tolerance
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused
from resources.gateway.pacing import Limit

TRANSACTIONS = Endpoint("/pa/transactions", method="POST", limit=Limit(1, 900))
DAYS = 365
TRIES = 2
"""Of one contract on one day; they are a quarter of an hour apart."""
EQUALS = ("acctid", "conid", "day", "type", "qty", "pr", "amt")


class Transaction(Row):
    """Something that happened in one contract of one account on one day."""

    known = frozenset({"date", "rawDate"})

    account_id: str = column("acctid", "The account.")
    conid: int = column("conid", "IBKR's contract id.", gt=0)
    date: dt.date = column("day", "Day of the transaction, where IBKR's clock stands.", parse=java_day)
    kind: str = column("type", "Buy, Sell, or a kind of dividend, interest or transfer.")
    place: int = column("place", "1, 2, ... among transactions that are equal in all of this.", gt=0)
    quantity: float | None = column("qty", "Units; of a sale negative, of a dividend none.", unit="units")
    price: float | None = column("pr", "Price per unit; of a dividend none.", unit="`currency`")
    amount: float = column("amt", "Cash that came; of a purchase negative.", unit="`currency`")
    currency: str = column("cur", "Currency of this row's amounts.", pattern="^[A-Z]{3}$")
    exchange_rate: float | None = column(
        "fxRate", "Units of the currency asked for per unit of `currency`.", unit="rate"
    )
    description: str | None = column("desc", "The contract as IBKR writes it.")
    is_of_today: bool | None = column(
        "isRealTime", "Whether it is not in the evening's books yet; newer gateways only."
    )


class Gain(Row):
    """What one day's closing trades in one contract earned an account."""

    account_id: str = column("acctid", "The account.")
    conid: int = column("conid", "IBKR's contract id, which comes as text.", gt=0)
    date: dt.date = column("date", "Day of the trades.", parse=day)
    side: str = column(
        "side", "L or S; captures mean long and short, IBKR's reference writes L or G for loss and gain."
    )
    place: int = column("place", "1, 2, ... among gains of one side, day, contract and account.", gt=0)
    amount: float = column("amt", "What was earned, lost if negative; comes as text.", unit="`currency`")
    currency: str = column("cur", "Currency of the amount.", pattern="^[A-Z]{3}$")
    exchange_rate: float | None = column(
        "fxRate", "Units of the currency asked for per unit of `currency`.", unit="rate"
    )
    position_side: str | None = column("positionSide", "long or short; newer gateways only.")


class Window(Row):
    """One contract that was asked for, and the days that were told of it."""

    known = frozenset({"id", "nd", "rc", "rpnl", "transactions"})

    conid: int = column("conid", "The contract.", gt=0)
    currency: str = column("currency", "Currency that was asked for.", pattern="^[A-Z]{3}$")
    begins_at: datetime = column("from", "Begin of the first day.", parse=epoch_ms)
    ends_at: datetime = column("to", "Begin of the last day.", parse=epoch_ms)
    accounts: str = column("accounts", "The accounts that were asked for, separated by commas.")
    transactions: int = column("count", "How many transactions came.", ge=0)
    realized_pnl: float | None = column("earned", "What all sales earned together; comes as text.", unit="`currency`")
    has_today: bool | None = column("includesRealTime", "Whether today's trades are in it.")
    warning: str | None = column("warning", "What IBKR warned of.")


@landing(TRANSACTIONS, time="windowed", needs=["positions"], window_days=DAYS, is_optional=True)
def raw_transactions(fetch: Fetch) -> Iterator[Page]:
    """A year of the next few contracts, as the gateway sent it."""
    for conid, currency in next_few(fetch):
        if _failures(fetch, conid) >= TRIES:
            fetch.say(
                f"contract {conid}: the gateway failed to tell of it {TRIES} times today; a later night asks again"
            )
            continue
        body = {"acctIds": fetch.account_ids, "conids": [conid], "currency": currency, "days": DAYS}
        try:
            yield fetch.gateway.ask(TRANSACTIONS, body=body)
        except (Refused, NoData) as nothing:
            fetch.say(f"contract {conid}: {nothing}")


@table(
    Transaction, raw=raw_transactions, key=["account_id", "conid", "date", "kind", "amount", "place"], shrinks="freely"
)
def transactions(page: Page) -> Block:
    """What happened in the contracts that were asked for, a year back."""
    found = [keyed(one) for one in _of_what_was_asked(page, keyed(page.json)["transactions"])]
    dated = [{**one, "day": one.get("rawDate") or one.get("date")} for one in found]
    return rows(_placed(dated, EQUALS[:4] + EQUALS[-1:]))


@table(Gain, raw=raw_transactions, key=["account_id", "conid", "date", "side", "place"], shrinks="freely")
def realized_gains(page: Page) -> Block:
    """What closing trades earned in the contracts that were asked for, by day, a year back."""
    told = keyed_if_any(keyed(page.json).get("rpnl"))
    gains = listed(told["data"]) if told else []
    return rows(_placed(_of_what_was_asked(page, gains), ("acctid", "conid", "date", "side")))


@table(Window, raw=raw_transactions, key=["conid"], shrinks="freely")
def transaction_windows(page: Page) -> Block:
    """Which contracts were asked for on the trading day, and what days were told of them."""
    reply = keyed(page.json)
    echoed("currency", [reply.get("currency")], [page.params["currency"]])
    _of_what_was_asked(page, reply["transactions"])
    [conid] = page.params["conids"]
    about = {
        "conid": conid,
        "accounts": ",".join(page.params["acctIds"]),
        "count": len(reply["transactions"]),
        "earned": keyed_if_any(reply.get("rpnl")).get("amt"),
    }
    return rows([{**reply, **about}])


@check(transactions)
def what_is_bought_is_paid_for() -> str:
    """A purchase adds units and costs cash, a sale takes units and brings cash."""
    return """
        select trading_day, account_id, conid, date, kind, quantity, amount from transactions
        where (kind = 'Buy' and (coalesce(quantity, 0) <= 0 or amount > 0))
           or (kind = 'Sell' and (coalesce(quantity, 0) >= 0 or amount < 0))
    """


@check(transactions)
def nothing_happened_later_than_it_was_told() -> str:
    """No transaction is of a day that had not begun anywhere when it was told: in Asia it is tomorrow already."""
    return """
        select trading_day, account_id, conid, date from transactions
        where date > (observed_at at time zone 'Asia/Tokyo')::date
    """


@check(transaction_windows, needs=["realized_gains"], is_blocking=False, tolerance=Tolerance(amount=0.05, share=1e-4))
def gains_add_up_to_the_total() -> str:
    """The days' gains of a contract, converted, add up to the total beside them, to the cent and the rate's digits.

    Does not block: of several currencies IBKR does not say at which rate the total was reckoned.
    """
    return """
        with earned as (
            select trading_day, conid, sum(amount * coalesce(exchange_rate, 1)) as earned, sum(abs(amount)) as size
            from realized_gains group by all
        )
        select w.trading_day, w.conid, w.realized_pnl, coalesce(e.earned, 0) as earned,
               coalesce(w.realized_pnl, 0) - coalesce(e.earned, 0) as residual, coalesce(e.size, 0) as size
        from transaction_windows w left join earned e using (trading_day, conid)
    """


def _of_what_was_asked(page: Page, found: Any) -> list[dict[str, Any]]:
    """The records, if all of them are of the accounts and the contract that were asked for."""
    records = [keyed(one) for one in listed(found)]
    echoed("account", (one.get("acctid") for one in records), page.params["acctIds"])
    echoed("contract", (one.get("conid") for one in records), page.params["conids"])
    return records


def _placed(records: Iterable[dict[str, Any]], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Records with their place among those that are equal in some fields, in the order in which they came."""
    names, seen = tuple(names), Counter[str]()
    for record in records:
        equals = str([record.get(name) for name in names])
        seen[equals] += 1
        yield {**record, "place": seen[equals]}


def next_few(fetch: Fetch) -> list[tuple[int, str]]:
    """Contracts with their currency; the same whenever that day is landed, since only days before count."""
    held, asked = _ever_held(fetch), _asked_before(fetch)

    def turn(conid: int) -> tuple[str, str, int]:
        last_held, _ = held[conid]
        is_held = last_held == max(day for day, _ in held.values())
        return asked.get(conid, ""), "" if is_held else "later", crc32(f"{fetch.day} {conid}".encode())

    chosen = sorted(held, key=turn)[: fetch.scope.transactions_per_night]
    return [(conid, held[conid][1]) for conid in chosen]


def _failures(fetch: Fetch, conid: int) -> int:
    """How often the gateway failed today when it was asked for a contract."""
    return sum(
        envelope.status >= 500 and envelope.request.body["conids"] == [conid]
        for path in fetch.raw.files("transactions", fetch.day.isoformat())
        for envelope in fetch.raw.read(path)
    )


def _ever_held(fetch: Fetch) -> dict[int, tuple[str, str]]:
    """Contracts held within the window: when last, and in which currency."""
    since, until = (fetch.day - timedelta(days=DAYS)).isoformat(), fetch.day.isoformat()
    held: dict[int, tuple[str, str]] = {}
    for value in fetch.tables.values("positions"):
        file = fetch.tables.file("positions", "trading_day", value)
        if since <= value <= until and file is not None:
            found = fetch.tables.columns(file, "conid", "currency")
            held |= {int(conid): (value, str(one)) for conid, one in zip(*found.values(), strict=True)}
    return held


def _asked_before(fetch: Fetch) -> dict[int, str]:
    """The day on which each contract was asked for last, before this one, whatever came of it."""
    since, until = (fetch.day - timedelta(days=DAYS)).isoformat(), fetch.day.isoformat()
    days = [one for one in fetch.raw.partitions("transactions") if since <= one < until]
    return {
        int(envelope.request.body["conids"][0]): one
        for one in days
        for path in fetch.raw.files("transactions", one)
        for envelope in fetch.raw.read(path)
    }
