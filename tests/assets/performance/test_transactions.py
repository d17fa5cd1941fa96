from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from assets.kit.fetch import Fetch
from assets.performance.transactions import next_few
from resources.envelope import Envelope, Request
from resources.gateway.client import GatewayClient
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, Bent
from tests.assets.conftest import EVENING
from tests.crooked import crooked
from tests.nights import CLOCKS, Nights, clock_of

TABLES = ("transactions", "realized_gains", "transaction_windows")
ASKED = {"acctIds": ["U9900001", "U9900002"], "conids": [990000007], "currency": "USD", "days": 365}
ROW = {"cur": "USD", "fxRate": 1.0, "acctid": "U9900001", "conid": 990000007, "desc": "SIM A INC"}
BUY = {**ROW, "date": "Thu Nov 05 00:00:00 EST 2026", "pr": 267.5, "qty": 10.0, "amt": -2675.0, "type": "Buy"}
SELL = {**BUY, "rawDate": "20261105", "qty": -10.0, "amt": 2700.0, "pr": 270.0, "type": "Sell", "isRealTime": False}
IN_LIEU = {**ROW, "date": "Tue Aug 11 00:00:00 EDT 2026", "amt": 2.7, "type": "Payment In Lieu"}
GAIN = {
    **{"cur": "USD", "date": "20261105", "fxRate": 1.0, "side": "L", "positionSide": "long"},
    **{"acctid": "U9900001", "amt": "25.0", "conid": "990000007"},
}


def _told(bent: Bent, *found: Any, gains: Any = (), total: str = "0.0") -> Bent:
    reply = {
        "id": "getTransactions",
        "currency": "USD",
        "from": 1764046800000,
        "to": 1795410000000,
        "nd": 366,
        "rpnl": {"data": list(gains), "amt": total},
        "transactions": list(found),
    }
    bent.ask_as("transactions", lambda request: Request(request.method, request.path, {}, ASKED))
    return bent.bend("transactions", lambda _request, _reply: reply).build(*TABLES)


def test_a_java_date_and_a_raw_one_are_days_and_a_dividend_has_neither_units_nor_price(bent: Bent) -> None:
    built = _told(bent, BUY, SELL, IN_LIEU)
    names = ["date", "kind", "quantity", "price", "amount", "place"]
    assert built.rows("transactions")[names].values.tolist() == [
        [date(2026, 8, 11), "Payment In Lieu", None, None, 2.7, 1],
        [date(2026, 11, 5), "Buy", 10.0, 267.5, -2675.0, 1],
        [date(2026, 11, 5), "Sell", -10.0, 270.0, 2700.0, 1],
    ]
    assert built.rows("transactions")["extra"].tolist() == [None] * 3
    for name in ("what_is_bought_is_paid_for", "nothing_happened_later_than_it_was_told"):
        assert built.verdict(name).has_passed, name


def test_two_equal_purchases_of_one_day_are_two(bent: Bent) -> None:
    built = _told(bent, BUY, SELL, BUY)
    assert built.rows("transactions")[["kind", "place"]].values.tolist() == [["Buy", 1], ["Buy", 2], ["Sell", 1]]
    assert built.generated("transactions", "key_is_unique").has_passed


def test_gains_tell_amount_and_contract_as_text(bent: Bent) -> None:
    built = _told(bent, BUY, SELL, gains=[GAIN], total="25.0")
    [row] = built.rows("realized_gains").to_dict("records")
    assert (row["conid"], row["amount"], row["side"], row["position_side"]) == (990000007, 25.0, "L", "long")
    [window] = built.rows("transaction_windows").to_dict("records")
    assert (window["transactions"], window["realized_pnl"], window["extra"]) == (2, 25.0, None)
    assert window["begins_at"].isoformat() == "2025-11-25T05:00:00+00:00"
    assert built.verdict("gains_add_up_to_the_total").has_passed


def test_gains_that_do_not_add_up_are_told(bent: Bent) -> None:
    assert _told(bent, gains=[GAIN], total="26.0").verdict("gains_add_up_to_the_total").count == 1


@pytest.mark.parametrize("row", [{**BUY, "amt": 2675.0}, {**SELL, "qty": 10.0}, {**BUY, "qty": None}])
def test_a_purchase_that_brings_cash_and_a_sale_that_adds_units_fail(bent: Bent, row: Any) -> None:
    assert _told(bent, row).verdict("what_is_bought_is_paid_for").count == 1


def test_a_transaction_of_tomorrow_fails(bent: Bent) -> None:
    tomorrow = {**SELL, "rawDate": "20261125"}
    assert _told(bent, BUY, tomorrow).verdict("nothing_happened_later_than_it_was_told").count == 1


@pytest.mark.parametrize(
    ("row", "of"), [({**BUY, "acctid": "U7654321"}, "account U7654321"), ({**BUY, "conid": 42}, "contract 42")]
)
def test_a_reply_of_another_account_or_contract_is_rejected_whole(bent: Bent, row: Any, of: str) -> None:
    built = _told(bent, BUY, row)
    for name in ("transactions", "transaction_windows"):
        assert f"the reply is of {of}, which was not asked for" in built.reasons(name)[0][0]
        assert len(built.rows(name)) == 0


def test_gains_of_another_contract_are_rejected_whole(bent: Bent) -> None:
    assert "contract 42" in _told(bent, gains=[{**GAIN, "conid": "42"}]).reasons("realized_gains")[0][0]


def test_a_day_that_is_no_date_rejects_the_row_and_not_the_reply(bent: Bent) -> None:
    built = _told(bent, BUY, {**BUY, "date": "some day"})
    assert len(built.rows("transactions")) == 1
    assert built.reasons("transactions") == [["date: day cannot be read as date"]]


def test_a_night_that_takes_it_in_asks_for_one_contract_that_is_held(bent: Bent) -> None:
    built = bent.build("positions", *TABLES)
    [window] = built.rows("transaction_windows").to_dict("records")
    assert window["conid"] in set(built.rows("positions")["conid"])
    assert len(built.rows("transactions")) > 0
    for name in ("what_is_bought_is_paid_for", "gains_add_up_to_the_total"):
        assert built.verdict(name).has_passed, name


@pytest.mark.slow
def test_an_endpoint_that_is_out_of_order_for_weeks_does_not_make_a_night_wait_for_ever(tmp_path: Path) -> None:
    """It answered 500 for weeks in November and December 2025."""
    asked: list[bytes] = []

    def failing(good: bytes) -> tuple[int, bytes]:
        asked.append(good)
        return 500, b'{"error":"failed"}'

    with (
        serve(Options(clock=EVENING, positions=3)) as gateway,
        crooked(gateway, {"/pa/transactions": failing}) as broken,
    ):
        CLOCKS[broken.url] = clock_of(gateway)
        nights = Nights(tmp_path, broken)
        nights.materialize("raw/positions", "positions", day=DAY.isoformat())
        for waits in (True, True, False):
            outcome = nights.materialize("raw/transactions", *TABLES, day=DAY.isoformat())
            assert outcome.failures == []
            assert bool(outcome.parked) is waits
            gateway.control.advance(timedelta(minutes=16))
    assert len(asked) == 2
    assert len(nights.table("transactions")) == len(nights.table("transaction_windows")) == 0


class TestTheNextFew:
    """Which contracts a night asks for."""

    def test_those_never_asked_for_come_first_and_no_night_asks_for_more_than_it_may(self, bent: Bent) -> None:
        chosen = _next(_holding(bent, 1, 2, 3), asked={1: DAY - timedelta(days=3)}, per_night=2)
        assert sorted(chosen) == [2, 3]

    def test_then_those_asked_for_longest_ago(self, bent: Bent) -> None:
        asked = {1: DAY - timedelta(days=3), 2: DAY - timedelta(days=5), 3: DAY - timedelta(days=4)}
        assert _next(_holding(bent, 1, 2, 3), asked=asked, per_night=3) == [2, 3, 1]

    def test_what_is_held_comes_before_what_was_held(self, bent: Bent) -> None:
        _holding(bent, 1, 2, 3, day=DAY - timedelta(days=3))
        chosen = _next(_holding(bent, 3), asked={}, per_night=3)
        assert chosen[0] == 3
        assert sorted(chosen) == [1, 2, 3]

    def test_what_was_asked_for_on_the_day_itself_does_not_change_the_choice(self, bent: Bent) -> None:
        before = _next(_holding(bent, 1, 2, 3), asked={}, per_night=2)
        assert _next(bent, asked={before[0]: DAY}, per_night=2) == before

    def test_all_of_many_come_within_as_many_nights_as_they_fill(self, bent: Bent) -> None:
        _holding(bent, *range(1, 8))
        days = [DAY + timedelta(days=step) for step in range(3)]
        asked: dict[int, date] = {}
        for day in days:
            asked |= dict.fromkeys(_next(bent, asked=asked, per_night=3, day=day), day)
        assert sorted(asked) == list(range(1, 8))

    def test_nothing_held_is_nothing_asked(self, bent: Bent) -> None:
        assert _next(bent, asked={}, per_night=3) == []


def _holding(bent: Bent, *conids: int, day: date = DAY) -> Bent:
    """The day's positions are these contracts."""
    if day != DAY:
        bent.again_on(day, "positions")
    bent.build("positions", day=day)
    path = bent.lake.tables.file("positions", "trading_day", day.isoformat())
    assert path is not None
    rows = pd.read_parquet(path, partitioning=None)[: len(conids)].assign(conid=list(conids))
    rows.to_parquet(path)
    return bent


def _next(bent: Bent, *, asked: dict[int, date], per_night: int, day: date = DAY) -> list[int]:
    """The contracts that a night would ask for, when some were asked for before."""
    for path in bent.lake.raw.files("transactions", DAY.isoformat()):
        path.unlink()
    for conid, when in asked.items():
        request = Request("POST", "/pa/transactions", {}, {**ASKED, "conids": [conid]})
        with bent.lake.raw.landing("transactions", when.isoformat(), at=EVENING, run_id="earlier") as landing:
            landing.append(Envelope(request, 500, {}, b'{"error":"whatever came"}', EVENING, "earlier"))
    fetch = Fetch(
        gateway=cast(GatewayClient, None),
        tables=bent.lake.tables,
        raw=bent.lake.raw,
        scope=bent.scope.model_copy(update={"transactions_per_night": per_night}),
        calendar=bent.scope.calendar,
        days=(day,),
        say=lambda _: None,
        pause=lambda _: None,
    )
    return [conid for conid, _ in next_few(fetch)]
