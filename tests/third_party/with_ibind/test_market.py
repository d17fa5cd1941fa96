"""ibind, an unchanged client of other people, against the simulator over HTTPS: prices, contracts, scanner."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from ibind import ExternalBrokerError, StockQuery, snapshot_keys_to_ids

from tests.third_party.with_ibind.desk import APPLE, ATTEMPTS, Desk

SYMBOLS = ["AAPL", "MSFT", "KO", "SPY", "IBM", "XOM"]
FIELDS = ["last_price", "bid_price", "ask_price", "symbol"]
BEFORE = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)


def test_a_symbol_leads_to_one_conid(desk: Desk) -> None:
    assert desk.client.stock_conid_by_symbol("AAPL").data == {"AAPL": APPLE}
    swiss = StockQuery("AAPL", contract_conditions={"exchange": "EBS"})
    assert desk.client.stock_conid_by_symbol(swiss).data == {"AAPL": 273982664}
    with pytest.raises(RuntimeError, match="ambiguity"):
        desk.client.stock_conid_by_symbol("AAPL", default_filtering=False)


def test_companies_are_found_by_a_part_of_their_name(desk: Desk) -> None:
    found = desk.client.security_stocks_by_symbol([StockQuery("AAPL", name_match="apple"), "NOBODY"]).data
    assert [company["name"] for company in found["AAPL"]] == ["APPLE INC"]
    assert "NOBODY" not in found


def test_definitions_come_by_conid(desk: Desk) -> None:
    rows = desk.client.security_definition_by_conid([str(APPLE), "756733"]).data["secdef"]
    assert [(row["conid"], row["ticker"], row["type"]) for row in rows] == [
        (APPLE, "AAPL", "COMMON"),
        (756733, "SPY", "ETF"),
    ]
    info = desk.client.contract_information_by_conid(str(APPLE)).data
    assert (info["con_id"], info["company_name"], info["currency"]) == (APPLE, "APPLE INC", "USD")


def test_an_option_is_reached_by_search_strikes_and_info(desk: Desk) -> None:
    [apple] = [row for row in desk.client.search_contract_by_symbol("AAPL").data if row["conid"] == str(APPLE)]
    [options] = [section for section in apple["sections"] if section["secType"] == "OPT"]
    month = options["months"].split(";")[0]
    strikes = desk.client.search_strikes_by_conid(str(APPLE), "OPT", month).data
    assert strikes["call"] == sorted(strikes["call"])
    strike = min(strikes["call"], key=lambda each: abs(each - desk.office.price(APPLE)))
    rows = desk.client.search_secdef_info_by_conid(str(APPLE), "OPT", month, strike=str(strike), right="C").data
    assert rows
    for row in rows:
        instrument = desk.office.simulation.market.instrument(row["conid"])
        assert instrument is not None
        assert (instrument.strike, instrument.right) == (strike, "C")
        assert instrument.expiry is not None
        assert f"{instrument.expiry:%Y%m%d}" == row["maturityDate"]
        assert f"{instrument.expiry:%b%y}".upper() == month


def test_there_are_no_strikes_without_a_search(desk: Desk) -> None:
    desk.client.initialize_brokerage_session()
    desk.client.receive_brokerage_accounts()
    assert desk.client.search_strikes_by_conid(str(APPLE), "OPT", "JAN27").data == {"call": [], "put": []}


def test_rules_say_what_may_be_ordered(desk: Desk) -> None:
    rules = desk.client.search_contract_rules(str(APPLE), is_buy=True).data
    assert {"limit", "market"} <= set(rules["orderTypes"])
    assert rules["canTradeAcctIds"] == [desk.account]
    both = desk.client.info_and_rules_by_conid(str(APPLE), is_buy=True).data
    assert both["con_id"] == APPLE
    assert both["rules"]["orderTypes"] == rules["orderTypes"]


def test_algorithms_come_by_name(desk: Desk) -> None:
    every = desk.client.algo_params_by_conid(str(APPLE)).data["algos"]
    names = {algo["id"] for algo in every}
    assert "Adaptive" in names
    [adaptive] = desk.client.algo_params_by_conid(str(APPLE), algos=["Adaptive"], add_params="1").data["algos"]
    assert adaptive["parameters"]


def test_currencies_have_pairs_and_rates(desk: Desk) -> None:
    pairs = desk.client.currency_pairs("USD").data["USD"]
    assert "EUR.USD" in {pair["symbol"] for pair in pairs}
    there = desk.client.currency_exchange_rate("EUR", "USD").data["rate"]
    back = desk.client.currency_exchange_rate("USD", "EUR").data["rate"]
    assert there * back == pytest.approx(1, rel=1e-3)


def test_futures_and_everything_on_an_exchange_exist(desk: Desk) -> None:
    futures = desk.client.security_future_by_symbol(["ES", "NQ"]).data
    expiries = [row["expirationDate"] for row in futures["ES"]]
    assert expiries == sorted(expiries)
    assert {row["symbol"] for row in futures["NQ"]} == {"NQ"}
    listed = {row["conid"] for row in desk.client.all_conids_by_exchange("NASDAQ").data}
    assert APPLE in listed
    assert 8314 not in listed  # of the New York exchange


def test_a_schedule_tells_when_an_exchange_is_open(desk: Desk) -> None:
    venues = desk.client.trading_schedule_by_symbol("STK", "AAPL", exchange="NASDAQ").data
    assert venues[0]["timezone"] == "America/New_York"
    monday = next(day for day in venues[0]["schedules"] if day["tradingScheduleDate"] == "20000103")
    [session] = monday["sessions"]
    assert (session["openingTime"], session["closingTime"]) == ("0930", "1600")


def test_bonds_of_an_issuer_can_be_filtered(desk: Desk) -> None:
    rows = desk.client.search_contract_by_symbol("AAPL").data
    [issuer] = next(row["issuers"] for row in rows if "issuers" in row)
    filters = desk.client.search_bond_filter_information("BOND", issuer["id"]).data["bondFilters"]
    assert {"Maturity Date", "Currency"} <= {each["displayText"] for each in filters}


def test_history_is_the_same_by_conid_and_by_symbol(desk: Desk) -> None:
    desk.warm(APPLE)
    by_conid = desk.client.marketdata_history_by_conid(str(APPLE), bar="1d", period="1m", start_time=BEFORE).data
    by_symbol = desk.client.marketdata_history_by_symbol("AAPL", bar="1d", period="1m", start_time=BEFORE).data
    assert by_symbol["data"] == by_conid["data"]
    assert by_conid["points"] == len(by_conid["data"]) - 1
    assert all(datetime.fromtimestamp(bar["t"] / 1000, UTC) < BEFORE for bar in by_conid["data"])


def test_history_of_many_comes_in_parallel_as_it_does_one_by_one(desk: Desk) -> None:
    conids = desk.client.stock_conid_by_symbol(SYMBOLS).data
    assert set(conids) == set(SYMBOLS)
    desk.warm(*conids.values())
    window = {"period": "10d", "bar": "1d", "outside_rth": False, "start_time": BEFORE, "raise_on_error": True}
    parallel = desk.client.marketdata_history_by_symbols(SYMBOLS, **window)
    alone = desk.client.marketdata_history_by_conids(conids, run_in_parallel=False, **window)
    assert parallel == alone
    for bars in parallel.values():
        assert len(bars) >= 5
        assert all(bar["low"] <= min(bar["open"], bar["close"]) for bar in bars)
        assert all(first["date"] < second["date"] for first, second in pairwise(bars))


def test_minutes_of_today_end_about_now(desk: Desk) -> None:
    desk.warm(APPLE)
    bars = desk.client.marketdata_history_by_conids([str(APPLE)], period="1h", bar="1min", raise_on_error=True)
    now = desk.office.simulation.clock.now()
    assert timedelta() <= now - bars[str(APPLE)][-1]["date"] < timedelta(minutes=3)


def test_a_snapshot_fills_after_its_first_call(desk: Desk) -> None:
    conids, fields = [str(APPLE), "756733"], snapshot_keys_to_ids(FIELDS)
    desk.client.receive_brokerage_accounts()
    desk.client.marketdata_unsubscribe_all()
    first = desk.client.live_marketdata_snapshot(conids, fields).data
    assert all("31" not in row for row in first)
    for _ in range(ATTEMPTS):
        rows = {row["conid"]: row for row in desk.client.live_marketdata_snapshot(conids, fields).data}
        if all(set(fields) <= set(row) for row in rows.values()):
            break
    assert rows[APPLE]["55"] == "AAPL"
    assert float(rows[APPLE]["31"].lstrip("CH")) == pytest.approx(desk.office.price(APPLE), rel=0.02)
    assert float(rows[APPLE]["84"]) < float(rows[APPLE]["86"])


def test_a_snapshot_by_symbol_names_its_fields(desk: Desk) -> None:
    fields = snapshot_keys_to_ids(FIELDS)
    for _ in range(ATTEMPTS):
        found = desk.client.live_marketdata_snapshot_by_symbol(["AAPL", "KO"], fields)
        if all(set(FIELDS) <= set(row) for row in found.values()):
            break
    assert {symbol: row["symbol"] for symbol, row in found.items()} == {"AAPL": "AAPL", "KO": "KO"}


def test_lines_are_closed_one_by_one_or_all_at_once(desk: Desk) -> None:
    desk.client.receive_brokerage_accounts()
    desk.client.live_marketdata_snapshot([str(APPLE), "756733"], ["31"])
    closed = desk.client.marketdata_unsubscribe([str(APPLE), "756733"])
    assert {result.data["success"] for result in closed.values()} == {True}
    assert desk.client.marketdata_unsubscribe_all().data == {"unsubscribed": True}
    assert "31" not in desk.client.live_marketdata_snapshot([str(APPLE)], ["31"]).data[0]


def test_a_scan_answers_with_fifty_rows_of_a_code_that_the_parameters_list(desk: Desk) -> None:
    params = desk.client.scanner_parameters().data
    assert "TOP_PERC_GAIN" in {scan["code"] for scan in params["scan_type_list"]}
    found = desk.client.market_scanner("STK", "TOP_PERC_GAIN", "STK.US.MAJOR").data
    rows = found["contracts"]
    assert len(rows) == 50
    assert [("column_name" in row) for row in rows] == [True] + 49 * [False]
    known = [desk.office.simulation.market.instrument(row["con_id"]) for row in rows]
    assert [each.symbol for each in known if each] == [row["symbol"] for row in rows]


def test_a_filter_of_a_scan_keeps_dear_shares_only(desk: Desk) -> None:
    dear = [{"code": "priceAbove", "value": 200}]
    rows = desk.client.market_scanner("STK", "TOP_PERC_GAIN", "STK.US.MAJOR", filter=dear).data["contracts"]
    assert rows
    assert all(desk.office.price(row["con_id"]) > 190 for row in rows)


def test_the_history_service_and_its_scanner_answer_once_opened(desk: Desk) -> None:
    with pytest.raises(ExternalBrokerError, match="404"):
        desk.client.historical_marketdata_beta(str(APPLE), period="2d", bar="1hour")
    desk.client.post("hmds/auth/init", {})
    bars = desk.client.historical_marketdata_beta(str(APPLE), period="2d", bar="1hour").data
    assert bars["points"] == len(bars["data"])
    assert desk.client.hmds_scanner_parameters().data["scan_type_list"]
    found = desk.client.hmds_market_scanner("STK", "STK.US.MAJOR", "TOP_PERC_GAIN", "STK", [], max_items=3).data
    assert found["size"] == "3"


def test_a_regulatory_snapshot_is_gone(desk: Desk) -> None:
    with pytest.raises(ExternalBrokerError, match="404"):
        desk.client.regulatory_snapshot(str(APPLE))


def test_minutes_of_long_ago_come_as_those_of_today_do(desk: Desk) -> None:
    desk.warm(APPLE)
    told = desk.client.marketdata_history_by_conid(str(APPLE), bar="1min", period="1h", start_time=BEFORE).data
    last = datetime.fromtimestamp(told["data"][-1]["t"] / 1000, UTC)
    assert timedelta() < BEFORE - last <= timedelta(minutes=2)
