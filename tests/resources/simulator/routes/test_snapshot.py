import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from resources.simulator.accounts.world import World
from resources.simulator.app import application
from resources.simulator.clock import Clock
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.flavour import Flavour
from resources.simulator.market.halts import halt
from resources.simulator.market.market import SeededMarket
from resources.simulator.session import Session
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import NOON, TODAY, Answer, Caller, Desk, Hand

MARKET = SeededMarket(7, 900, TODAY)
WORLD = World(MARKET, seed=7, today=TODAY, positions=60)
PATH = "/iserver/marketdata/snapshot"
APPLE, LONDON, ZURICH, AMSTERDAM, EURO = 265598, 990000001, 990000008, 990000007, 12087792
CLOSED = NOON + timedelta(hours=6)
OPTION = next(
    each
    for each in MARKET.instruments()
    if each.asset_class == "OPT" and each.underlying == APPLE and each.expiry == date(2027, 3, 19) and each.right == "C"
)


def make_seeded_desk(at: datetime = NOON, **flavour: Any) -> Desk:
    chosen = Flavour(**{"snapshot_gaps": False, **flavour})
    simulation = Simulation(MARKET, WORLD, Clock(at, real=Hand()), Session(at), 7, chosen)
    desk = Desk(simulation, Caller(application(simulation)))
    desk.prime()
    return desk


def ask(desk: Desk, *conids: int | str, fields: str = "31,84,86") -> Answer:
    return desk.client.get(PATH, conids=",".join(map(str, conids)), fields=fields)


def warm(desk: Desk, *conids: int | str, fields: str = "31,84,86") -> list[dict[str, Any]]:
    for _ in range(4):
        answer = ask(desk, *conids, fields=fields)
    assert answer.status == 200
    rows: list[dict[str, Any]] = answer.json
    return rows


def contract(conid: int) -> Instrument:
    found = MARKET.instrument(conid)
    assert found is not None
    return found


def test_the_first_look_shows_the_id_alone() -> None:
    assert ask(make_seeded_desk(), APPLE).json == [{"conid": APPLE, "conidEx": str(APPLE)}]


def test_a_warm_row_has_the_shape_of_the_wire() -> None:
    [row] = warm(make_seeded_desk(), APPLE, fields="31,84,86,85,88,87,7762,83")
    assert isinstance(row.pop("conid"), int)
    assert isinstance(row.pop("_updated"), int)
    assert re.fullmatch(r"q\d", row["server_id"])
    assert row["server_id"] == row.pop("6119")
    assert row["6509"] == "RpB"
    assert all(isinstance(value, str) for value in row.values())
    assert set(row) == {"conidEx", "server_id", "6509", "6508", "31", "84", "86", "85", "88", "87", "7762", "83"}
    assert re.fullmatch(r"[\d.]+[KMB]", row["87"])
    assert re.fullmatch(r"\d{1,3}(,\d{3})*", row["85"])
    assert row["7762"].isdecimal()


def test_a_quote_agrees_with_the_chart_of_the_same_instant() -> None:
    desk = make_seeded_desk(cold_history=False)
    [row] = warm(desk, LONDON, fields="31,70,71,7295,7762,84,86,7741")
    history = "/iserver/marketdata/history"
    reply = desk.client.get(history, conid=str(LONDON), period="3d", bar="1d").json
    before, bar = reply["data"]
    assert float(row["31"].lstrip("C")) == bar["c"]
    assert [float(row[field]) for field in ("70", "71", "7295", "7762")] == [bar["h"], bar["l"], bar["o"], bar["v"]]
    assert float(row["7741"]) == before["c"]
    assert float(row["84"]) <= bar["c"] <= float(row["86"])
    both = desk.client.get(history, conid=str(LONDON), period="1d", bar="1d", source="Bid_Ask").json["data"][-1]
    assert float(row["86"]) == both["c"]


def test_outside_the_session_the_last_price_is_a_close_and_the_quote_frozen() -> None:
    [row] = warm(make_seeded_desk(CLOSED), APPLE, fields="31,7296")
    assert row["31"] == f"C{row['7296']}"
    assert row["6509"] == "ZpB"
    [row] = warm(make_seeded_desk(NOON), APPLE, fields="31,7296")
    assert "7296" not in row
    assert float(row["31"]) == MARKET.price(contract(APPLE), NOON)


def test_a_halted_share_has_an_h_before_its_price() -> None:
    days = [TODAY - timedelta(days=step) for step in range(120)]
    share, day = next(
        (each, day)
        for day in days
        for each in MARKET.instruments()
        if halt(each, day, 390) and MARKET.trading_days(each, day, day)
    )
    at = MARKET.minutes(share, day).start[0] + timedelta(minutes=halt(share, day, 390).start, seconds=10)
    [row] = warm(make_seeded_desk(at), share.conid)
    assert row["31"].startswith("H")


def test_late_exchanges_show_the_price_of_a_quarter_of_an_hour_ago() -> None:
    morning = datetime(2026, 11, 24, 10, 0, 30, tzinfo=UTC)
    [row] = warm(make_seeded_desk(morning), ZURICH)
    assert row["6509"] == "DPB"
    assert float(row["31"]) == MARKET.price(contract(ZURICH), morning - timedelta(minutes=15))
    assert row["_updated"] <= (morning - timedelta(minutes=15)).timestamp() * 1000


def test_what_is_not_subscribed_has_a_name_and_no_price() -> None:
    [row] = warm(make_seeded_desk(), AMSTERDAM, fields="31,55,84,87,7289,7293")
    assert (row["6509"], row["55"]) == ("N", "ASML")
    assert not {"31", "84", "87", "7289", "7293"} & set(row)


def test_greeks_come_after_prices() -> None:
    desk = make_seeded_desk()
    fields = "31,7308,7309,7310,7311,7633"
    answers = [ask(desk, OPTION.conid, fields=fields).json[0] for _ in range(5)]
    priced = next(place for place, row in enumerate(answers) if "31" in row)
    assert "7308" not in answers[priced]
    row = answers[priced + 1]
    assert 0 < float(row["7308"]) < 1
    assert float(row["7309"]) > 0 > float(row["7310"])
    assert 10 < float(row["7633"].rstrip("%")) < 60


def test_stocks_have_no_greeks_and_nothing_is_ever_null() -> None:
    every = [str(field) for field in (*range(70, 89), *range(7280, 7312), 6457, 7633, 7638)]
    for start in range(0, len(every), 50):
        rows = warm(make_seeded_desk(), APPLE, EURO, fields=",".join(every[start : start + 50]))
        assert not {"7308", "7638", "6457", "7633"} & {name for row in rows for name in row}
        assert None not in [value for row in rows for value in row.values()]


def test_position_fields_are_those_of_the_positions() -> None:
    desk = make_seeded_desk()
    held = desk.client.get("/portfolio/U9900001/positions/0").json
    stock = next(row for row in held if row["assetClass"] == "STK" and row["position"] > 0)
    rows = warm(desk, stock["conid"], APPLE if stock["conid"] != APPLE else EURO, fields="73,74,75,76,80")
    row = next(row for row in rows if row["conid"] == stock["conid"])
    assert float(row["73"]) == pytest.approx(stock["mktValue"])
    assert float(row["74"]) == pytest.approx(stock["avgPrice"], abs=1e-4)
    assert float(row["75"]) == pytest.approx(stock["unrealizedPnl"])
    assert float(row["76"].replace(",", "")) == stock["position"]
    unheld = next(each for each in MARKET.instruments() if each.conid not in {held_row["conid"] for held_row in held})
    [row] = warm(desk, unheld.conid, fields="73,75,55")
    assert not {"73", "75"} & set(row)


def test_names_are_those_of_the_definition() -> None:
    [row] = warm(make_seeded_desk(), OPTION.conid, fields="55,7051,6070,7221,7280,7281,6008,6457,7094")
    assert (row["55"], row["6070"], row["6008"], row["6457"]) == ("AAPL", "OPT", OPTION.conid, APPLE)
    assert row["7280"] == contract(APPLE).group


def test_dividends_are_what_was_paid_in_a_year() -> None:
    payer = 11031
    [row] = warm(make_seeded_desk(), payer, fields="7671,7672,7286,7288,7287")
    assert float(row["7671"]) == pytest.approx(4 * float(row["7286"]), abs=0.01)
    assert 0 < float(row["7672"]) < 10
    assert row["7288"] == "20260915"
    assert row["7287"].endswith("%")


def test_later_rows_leave_fields_out_and_may_hold_earlier_ones() -> None:
    desk = make_seeded_desk(snapshot_gaps=True)
    warm(desk, APPLE, fields="31,84,86,70,71,82,83,87,88")
    rows = [ask(desk, APPLE, fields="7295").json[0] for _ in range(12)]
    assert any("31" in row for row in rows)
    assert len({frozenset(row) for row in rows}) > 1


def test_rows_come_by_id_and_once() -> None:
    rows = ask(make_seeded_desk(), LONDON, APPLE, LONDON, 8314).json
    assert [row["conid"] for row in rows] == [8314, APPLE, LONDON]


def test_an_exchange_may_be_named() -> None:
    [row] = warm(make_seeded_desk(), f"{APPLE}@NYSE", fields="31,6004")
    assert (row["conid"], row["conidEx"], row["6004"]) == (APPLE, f"{APPLE}@NYSE", "NYSE")


def test_unknown_and_ended_contracts_stay_bare() -> None:
    expired = next(each for each in MARKET.instruments() if each.expiry and each.expiry < TODAY)
    rows = warm(make_seeded_desk(), 1, expired.conid)
    assert [set(row) for row in rows] == [{"conid", "conidEx"}] * 2


def test_contracts_and_fields_beyond_the_limits_are_cut_off() -> None:
    desk = make_seeded_desk(market_data_lines=500)
    conids = [each.conid for each in MARKET.instruments()][:120]
    assert len(ask(desk, *conids).json) == 100
    many = ",".join(["1"] * 50 + ["31"])
    assert "31" not in warm(make_seeded_desk(), APPLE, fields=many)[0]


def test_beyond_the_lines_rows_stay_bare_until_one_is_given_back() -> None:
    desk = make_seeded_desk(market_data_lines=1)
    assert "31" not in warm(desk, APPLE, LONDON)[1]
    assert desk.client.post("/iserver/marketdata/unsubscribe", {"conid": APPLE}).json == {"success": True}
    assert "31" in warm(desk, LONDON)[0]


@pytest.mark.parametrize("query", [{}, {"conids": ""}, {"fields": "31"}])
def test_without_contracts_it_is_a_bad_request(query: dict[str, str]) -> None:
    answer = make_seeded_desk().client.get(PATH, **query)
    assert (answer.status, answer.json) == (400, {"error": "Bad Request: Conid(s) missing", "statusCode": 400})


def test_a_contract_that_is_no_number_is_a_bad_request() -> None:
    assert ask(make_seeded_desk(), "AAPL").status == 400


def test_accounts_come_before_snapshots() -> None:
    desk = make_seeded_desk()
    desk.simulation.session.initialise(compete=False)
    assert ask(desk, APPLE).status == 400


def test_a_new_brokerage_session_is_cold_again() -> None:
    desk = make_seeded_desk()
    assert "31" in warm(desk, APPLE)[0]
    desk.simulation.session.initialise(compete=False)
    desk.prime()
    assert "31" not in ask(desk, APPLE).json[0]


def test_a_strict_gateway_wants_a_search_for_the_underlying() -> None:
    desk = make_seeded_desk(snapshot_needs_search=True)
    assert "31" in warm(desk, APPLE)[0]
    assert "31" not in warm(desk, OPTION.conid)[0]
    desk.simulation.session.searched.add(APPLE)
    assert "31" in warm(desk, OPTION.conid)[0]


def test_only_what_changed_since_is_told() -> None:
    desk = make_seeded_desk()
    [row] = warm(desk, APPLE)
    again = desk.client.get(PATH, conids=str(APPLE), fields="31", since=str(row["_updated"] + 2000)).json[0]
    assert "31" not in again
    desk.simulation.clock.advance(timedelta(minutes=2))
    again = desk.client.get(PATH, conids=str(APPLE), fields="31", since=str(row["_updated"] + 2000)).json[0]
    assert "31" in again


def test_unsubscribing_what_is_not_open_fails() -> None:
    desk = make_seeded_desk()
    for body in ({"conid": APPLE}, {}, [1]):
        answer = desk.client.post("/iserver/marketdata/unsubscribe", body)
        assert (answer.status, answer.json) == (500, {"error": "unknown"})
    ask(desk, APPLE)
    assert desk.client.get(f"/iserver/marketdata/{APPLE}/unsubscribe").json == {"success": True}
    assert desk.client.get(f"/iserver/marketdata/{APPLE}/unsubscribe").status == 500


def test_unsubscribing_all_ends_every_line() -> None:
    desk = make_seeded_desk()
    warm(desk, APPLE, LONDON)
    assert desk.client.get("/iserver/marketdata/unsubscribeall").json == {"unsubscribed": True}
    assert [set(row) for row in ask(desk, APPLE, LONDON).json] == [{"conid", "conidEx"}] * 2
