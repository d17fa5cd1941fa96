from datetime import date
from typing import Any

import pandas as pd
import pytest

from assets.kit.tabulate import build_years
from assets.warehouse import read_marts, table_source
from pipelines.definitions import declared
from resources.warehouse.build import build, connected
from tests.assets.bent import DAY, TABLES, Bent

pytestmark = pytest.mark.slow

FRIDAY = date(2026, 11, 20)
HELD, OTHER = 990000123, 990000124
BOUGHT: dict[str, Any] = {
    "execution_id": "0000aaaa.11112222.01.01", "symbol": "SIMA", "supports_tax_opt": "1", "side": "B",
    "order_description": "Bot 2 @ 12.50 on IEX", "trade_time": "20261123-15:00:01", "trade_time_r": 1795446001000,
    "size": 2.0, "price": "12.50", "exchange": "IEX", "commission": "1.0", "net_amount": 25.0, "account": "U9900001",
    "accountCode": "U9900001", "company_name": "SIM ALPHA", "contract_description_1": "SIMA", "sec_type": "STK",
    "listing_exchange": "NASDAQ.NMS", "conid": HELD, "conidEx": str(HELD), "position": "11", "clearing_id": "IB",
    "clearing_name": "IB", "liquidation_trade": "0", "is_event_trading": "0", "order_id": 555000111,
}  # fmt: skip
SOLD = {**BOUGHT, "execution_id": "0000aaaa.11112223.01.01", "side": "S", "conid": OTHER}


def _told(*trades: dict[str, Any]) -> Any:
    """As the only reply."""
    first = iter((True,))
    return lambda _request, _reply: list(trades) if next(first, False) else None


def _rows(bent: Bent, *trades: dict[str, Any]) -> list[dict[str, Any]]:
    rows = bent.bend("trades", _told(*trades)).build("trades").rows("trades").to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _at(new_york: str) -> dict[str, Any]:
    at = pd.Timestamp(new_york, tz="America/New_York").tz_convert("UTC")
    return {"trade_time": f"{at:%Y%m%d-%H:%M:%S}", "trade_time_r": int(at.timestamp() * 1000)}


def test_an_execution_is_read_with_price_and_commission_as_text(bent: Bent) -> None:
    bought, sold = _rows(bent, BOUGHT, SOLD)
    assert (bought["price"], bought["commission"], bought["net_amount"]) == (12.5, 1.0, 25.0)
    assert (bought["side"], bought["size"], bought["quantity"]) == ("BUY", 2.0, 2.0)
    assert (sold["side"], sold["size"], sold["quantity"]) == ("SELL", 2.0, -2.0)
    assert bought["executed_at"] == bought["written_at"] == pd.Timestamp("2026-11-23T15:00:01Z")
    assert (bought["fill_id"], bought["correction"]) == ("0000aaaa.11112222.01", 1)
    assert (bought["is_liquidation"], bought["extra"], bought["trading_day"]) == (False, None, DAY)


@pytest.mark.parametrize("conid", [HELD, str(HELD)])
def test_the_contract_is_a_number_or_text(bent: Bent, conid: Any) -> None:
    [row] = _rows(bent, {**BOUGHT, "conid": conid})
    assert row["conid"] == HELD


@pytest.mark.parametrize("order_id", [555000111, "555000111"])
def test_the_id_of_the_order_is_a_number_or_text(bent: Bent, order_id: Any) -> None:
    [row] = _rows(bent, {**BOUGHT, "order_id": order_id})
    assert row["order_id"] == 555000111


def test_what_only_some_executions_have_may_be_absent(bent: Bent) -> None:
    often = ("order_id", "position", "listing_exchange", "commission", "net_amount", "trade_time", "is_event_trading")
    [row] = _rows(bent, {name: value for name, value in BOUGHT.items() if name not in often})
    assert (row["order_id"], row["commission"], row["net_amount"]) == (None, None, None)


@pytest.mark.parametrize(
    ("listing", "executed", "day"),
    [
        ("NASDAQ.NMS", "2026-11-20T15:59", "2026-11-20"),
        ("NYSE", "2026-11-20T18:15", "2026-11-20"),  # late
        ("NYSE", "2026-11-20T07:00", "2026-11-20"),  # early, while the trading day of the gateway is Thursday still
        ("NYSE", "2026-11-22T21:00", "2026-11-23"),  # over night, on a Sunday
        ("IBIS", "2026-11-23T03:30", "2026-11-23"),  # half past nine in Frankfurt
        ("GLOBEX", "2026-11-22T18:30", "2026-11-23"),  # a future, on the evening before
        ("MARS", "2026-11-23T10:00", "2026-11-23"),  # a venue that is not known
    ],
)
def test_an_execution_counts_for_the_day_of_the_exchange_that_lists_it(
    bent: Bent, listing: str, executed: str, day: str
) -> None:
    [row] = _rows(bent, {**BOUGHT, "listing_exchange": listing, **_at(executed)})
    assert row["trading_day"].isoformat() == day


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trade_time": "20261123-10:00:01"}, "Both forms of the execution's time are the same second"),
        ({"trade_time": None, "trade_time_r": 1}, "Was executed in years that the calendar of its exchange knows"),
        ({"trade_time_r": None}, "executed_at: trade_time_r is missing"),
        ({"side": "X"}, "side: not one of ['BUY', 'SELL']"),
        ({"size": -2.0}, "size: not at least 0"),
        ({"price": "cheap"}, "price: price cannot be read as float"),
        ({"conid": None}, "conid: conid is missing"),
        ({"execution_id": None}, "execution_id: execution_id is missing"),
    ],
)
def test_an_unusable_execution_is_rejected_with_its_reason_and_the_rest_stays(
    bent: Bent, changes: dict[str, Any], reason: str
) -> None:
    [row] = _rows(bent, {**BOUGHT, **changes}, SOLD)
    assert row["side"] == "SELL"
    [reasons] = bent.reasons("trades")
    assert reason in reasons


def test_an_execution_of_the_day_is_kept_before_the_close_and_the_last_telling_of_it_stays(bent: Bent) -> None:
    bent.bend("trades", _told(BOUGHT, SOLD))
    bent.again_on(FRIDAY, "trades").bend("trades", _told({**BOUGHT, "commission": "1.5"}))
    bent.build("trades", day=FRIDAY).build("trades", day=DAY)
    rows = bent.rows("trades").set_index("execution_id")
    assert rows["commission"].to_dict() == {BOUGHT["execution_id"]: 1.5, SOLD["execution_id"]: 1.0}
    bent.build("trades", day=FRIDAY)
    assert bent.rows("trades").set_index("execution_id")["commission"].to_dict() == rows["commission"].to_dict()
    assert bent.lake.tables.values("trades") == ["2026"]
    assert bent.generated("trades", "key_is_unique").has_passed


def test_executions_of_accounts_that_are_not_wished_for_are_left_out(bent: Bent) -> None:
    bent.bend("trades", _told(BOUGHT, {**SOLD, "account": "U9900002", "accountCode": "U9900002"}))
    day, calendar = DAY.isoformat(), bent.scope.calendar
    build_years(TABLES["trades"], [day], lake=bent.lake, calendar=calendar, afresh=True, accounts=["U9900002"])
    assert bent.rows("trades")["side"].tolist() == ["SELL"]


def test_executions_of_two_years_stand_in_two_partitions(bent: Bent) -> None:
    before = {**SOLD, **_at("2025-12-31T12:00")}
    _rows(bent, BOUGHT, before)
    assert bent.lake.tables.values("trades") == ["2025", "2026"]


def test_an_empty_first_reply_is_asked_for_again(bent: Bent) -> None:
    [landed] = bent.lake.raw.landings("trades", DAY.isoformat())
    cold, warm = bent.lake.raw.read(landed)
    assert cold.body == b"[]"
    assert len(warm.body) > 2
    assert str(cold.request) == str(warm.request) == "GET /iserver/account/trades?days=7"
    assert (warm.received_at - cold.received_at).total_seconds() >= 5
    assert bent.verdict("nothing_traded_was_told_twice").has_passed


def test_nothing_traded_that_was_told_once_only_fails(bent: Bent) -> None:
    [offender] = bent.bend("trades", _told()).verdict("nothing_traded_was_told_twice").offenders
    assert offender["problem"] == "the executions of the account: [] came, and was not asked again"


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        (None, None),
        (date(2026, 11, 20), None),
        (date(2026, 11, 17), None),
        (date(2026, 11, 16), "2026-11-17 was in the window for the last day"),
        (date(2026, 11, 12), "those of 2026-11-13, 2026-11-16 cannot be had here any more"),
    ],
)
def test_a_day_that_left_the_window_unseen_or_nearly_so_is_told_of(
    bent: Bent, before: date | None, problem: str | None
) -> None:
    if before is not None:
        bent.again_on(before, "trades")
    offenders = bent.verdict("no_day_leaves_the_window_unseen").offenders
    assert [problem in one["problem"] for one in offenders] == ([] if problem is None else [True])


def test_executions_as_the_gateway_sent_them_pass_every_check(bent: Bent) -> None:
    built = bent.build("trades", "accounts", "instruments")
    for name in (
        "every_execution_is_of_a_known_account",
        "net_amount_is_size_times_price",
        "no_commission_is_negative",
    ):
        assert built.verdict(name).has_passed, name
    assert built.reasons("trades") == []
    assert len(built.rows("trades")) > 3


def test_an_execution_of_an_account_that_the_login_does_not_see_fails(bent: Bent) -> None:
    bent.bend("trades", _told({**BOUGHT, "account": "U7654321"}, SOLD)).build("accounts")
    [offender] = bent.verdict("every_execution_is_of_a_known_account").offenders
    assert offender["problem"] == "executions of U…4321 came, which is none of the login's accounts"


@pytest.mark.parametrize(
    ("changes", "offenders"),
    [({}, 0), ({"net_amount": 26.0}, 0), ({"net_amount": 26.02}, 1), ({"net_amount": None}, 0)],
)
def test_a_net_amount_beyond_the_commission_is_told_of(bent: Bent, changes: dict[str, Any], offenders: int) -> None:
    bent.bend("trades", _told({**BOUGHT, **changes})).build("trades", "instruments")
    assert bent.verdict("net_amount_is_size_times_price").count == offenders


def test_a_rebate_is_told_of(bent: Bent) -> None:
    bent.bend("trades", _told({**BOUGHT, "commission": "-0.31"})).build("trades")
    assert bent.verdict("no_commission_is_negative").count == 1


def _position(conid: int, quantity: float, **more: Any) -> dict[str, Any]:
    return {
        "acctId": "U9900001", "conid": conid, "contractDesc": "SIMA", "position": quantity, "mktPrice": 1.0,
        "mktValue": quantity, "currency": "USD", "assetClass": "STK", **more,
    }  # fmt: skip


def _held(bent: Bent, before: list[dict[str, Any]], now: list[dict[str, Any]], *, on: date = FRIDAY) -> Bent:
    """An account with these positions on two days."""
    bent.again_on(on, "positions", "ledger")
    for day, held in ((on, before), (DAY, now)):
        first = iter((True,))
        bent.bend("positions", lambda _request, _reply, f=first, h=held: h if next(f, False) else None, day=day)  # type: ignore[misc]
        bent.build("positions", "ledger", day=day)
    return bent


@pytest.mark.parametrize(
    ("before", "now", "trades", "unexplained"),
    [
        ({HELD: 9, OTHER: 2}, {HELD: 11}, [BOUGHT, SOLD], {}),
        ({HELD: 9}, {HELD: 11}, [], {HELD: 2}),
        ({}, {}, [BOUGHT], {HELD: -2}),
        ({HELD: 9}, {HELD: 18}, [BOUGHT], {HELD: 7}),
        ({HELD: 9}, {HELD: 9}, [{**BOUGHT, **_at("2026-11-20T10:00")}], {}),  # before the first of the two evenings
        ({HELD: 9}, {HELD: 11}, [{**BOUGHT, **_at("2026-11-23T07:00")}], {}),  # early
        ({HELD: 9}, {HELD: 9}, [{**BOUGHT, **_at("2026-11-23T19:00")}], {}),  # after the second
        ({}, {}, [{**BOUGHT, "sec_type": "CASH"}, {**SOLD, "sec_type": "BAG"}], {}),
        (
            {HELD: 9},
            {HELD: 12},
            [BOUGHT, {**BOUGHT, "execution_id": "0000aaaa.11112222.01.02", "size": 3.0}],  # it was corrected
            {},
        ),
    ],
)
def test_a_position_that_changed_otherwise_than_by_trades_is_told_of(
    bent: Bent,
    before: dict[int, float],
    now: dict[int, float],
    trades: list[dict[str, Any]],
    unexplained: dict[int, float],
) -> None:
    bent.bend("trades", _told(*trades)).build("trades")
    _held(bent, [_position(*one) for one in before.items()], [_position(*one) for one in now.items()])
    found = bent.verdict("position_changes_are_trades").offenders
    assert {int(one["conid"]): float(one["unexplained"]) for one in found} == unexplained


@pytest.mark.parametrize(("expiry", "offenders"), [("20261123", 0), ("20261120", 0), ("20261218", 1)])
def test_what_expired_went_without_a_trade(bent: Bent, expiry: str, offenders: int) -> None:
    bent.bend("trades", _told()).build("trades")
    _held(bent, [_position(HELD, -1, assetClass="OPT", expiry=expiry, strike="150")], [])
    assert bent.verdict("position_changes_are_trades").count == offenders


def test_two_days_that_no_window_spans_are_not_compared(bent: Bent) -> None:
    bent.bend("trades", _told()).build("trades")
    _held(bent, [_position(HELD, 1)], [], on=date(2026, 11, 13))
    assert bent.verdict("position_changes_are_trades").has_passed


def _enriched(bent: Bent) -> list[dict[str, Any]]:
    target = bent.lake.layout.warehouse_file
    marts = [mart for mart in read_marts() if mart.name == "trades_enriched"]
    build(target, [table_source(table, bent.lake.tables) for table in declared().tables], marts)
    with connected(target, read_only=True) as connection:
        rows = connection.execute("from trades_enriched").df().astype(object)
    return [
        {str(name): value for name, value in row.items()} for row in rows.where(rows.notna(), None).to_dict("records")
    ]


def test_each_trade_is_told_with_what_it_did_to_the_cash(bent: Bent) -> None:
    corrected = {**BOUGHT, "execution_id": "0000aaaa.11112222.01.02", "net_amount": 30.0}
    future = {**SOLD, "sec_type": "FUT", "execution_id": "0000aaaa.11112224.01.01", "order_id": 7}
    order = {"account": "U9900001", "orderId": 555000111, "cashCcy": "USD"}
    bent.bend("orders", lambda _request, _reply: {"orders": [order], "snapshot": True})
    bent.bend("trades", _told(BOUGHT, corrected, SOLD, future)).build("trades", "orders", "accounts", "ledger")
    bought, sold, of_future = _enriched(bent)
    assert (bought["execution_id"], bought["net_amount"], bought["cash_effect"]) == (corrected["execution_id"], 30, -31)
    assert (sold["cash_effect"], sold["cash_effect_base"], sold["commission_base"]) == (24.0, 24.0, 1.0)
    assert (sold["currency"], sold["base_currency"], sold["exchange_rate"]) == ("USD", "USD", 1.0)
    assert sold["rate_day"] == pd.Timestamp(DAY)
    assert (of_future["cash_effect"], of_future["currency"]) == (-1.0, None), "neither instrument nor order is known"


def test_the_simulated_trades_are_known_with_their_currency(bent: Bent) -> None:
    rows = _enriched(bent.build(*(name for name in TABLES if TABLES[name].raw.time != "local")))
    assert len(rows) == len(bent.rows("trades"))
    known = [row for row in rows if row["currency"] is not None]
    assert len(known) > len(rows) / 2
    assert all(row["cash_effect_base"] is not None for row in known)
