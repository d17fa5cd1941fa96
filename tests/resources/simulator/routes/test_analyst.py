from datetime import UTC, date, datetime

import pytest

from resources.simulator.accounts.performance import PERIODS
from resources.simulator.flavour import Flavour
from tests.resources.simulator.conftest import FIRST, NOON, Desk, make_desk


@pytest.mark.parametrize("period", PERIODS)
def test_each_period_has_series_that_align_with_their_own_dates(desk: Desk, period: str) -> None:
    said = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": period}).json
    assert (said["currencyType"], said["pm"], said["id"]) == ("base", "TWR", "getPerformanceData")
    assert said["included"] == [FIRST]
    for family, name, freq in (("nav", "navs", "D"), ("cps", "returns", "D"), ("tpps", "returns", "M")):
        row = said[family]["data"][0]
        assert (said[family]["freq"], row["id"], row["baseCurrency"]) == (freq, FIRST, "USD")
        assert len(row[name]) == len(said[family]["dates"]) > 0
    assert said["nav"]["data"][0]["startNAV"]["date"] < said["nav"]["dates"][0]


def test_returns_follow_from_values_when_nothing_was_paid_in(desk: Desk) -> None:
    said = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1D"}).json
    row = said["nav"]["data"][0]
    assert said["cps"]["data"][0]["returns"] == [round(row["navs"][0] / row["startNAV"]["val"] - 1, 8)]


def test_in_the_evening_the_last_value_is_the_net_value_of_the_ledger(primed: Desk) -> None:
    said = primed.client.post("/pa/performance", {"acctIds": [FIRST], "period": "7D"}).json
    base = primed.client.get(f"/portfolio/{FIRST}/ledger").json["BASE"]
    assert said["nav"]["dates"][-1] == "20261124"
    assert said["nav"]["data"][0]["navs"][-1] == pytest.approx(base["netliquidationvalue"], abs=0.005)


def test_at_noon_the_last_value_is_of_the_day_before() -> None:
    said = make_desk(at=NOON).client.post("/pa/performance", {"acctIds": [FIRST], "period": "7D"}).json
    assert said["nav"]["dates"][-1] == "20261123"


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"period": "1M"},
        {"acctIds": [], "period": "1M"},
        {"acctIds": FIRST, "period": "1M"},
        {"acctIds": [FIRST], "period": "2W"},
        {"acctIds": [FIRST], "period": "1m"},
        {"acctIds": ["U1"], "period": "1M"},
    ],
)
def test_other_periods_and_unknown_accounts_are_refused(desk: Desk, body: object) -> None:
    assert desk.client.post("/pa/performance", body).status == 400


def test_several_accounts_give_one_row() -> None:
    said = make_desk(accounts=2).client.post("/pa/performance", {"acctIds": [FIRST, "U9900002"], "period": "1M"}).json
    assert said["included"] == [FIRST, "U9900002"]
    assert [len(said[family]["data"]) for family in ("nav", "cps", "tpps")] == [1, 1, 1]


def test_get_is_refused_unless_the_flavour_is_old(desk: Desk) -> None:
    assert desk.client.get("/pa/performance", acctIds=FIRST, period="1M").status == 405
    old = make_desk(flavour=Flavour(performance_get=True)).client
    posted = old.post("/pa/performance", {"acctIds": [FIRST], "period": "1M"})
    assert old.get("/pa/performance", acctIds=FIRST, period="1M").json == posted.json


def test_all_periods_sit_below_the_account(desk: Desk) -> None:
    said = desk.client.post("/pa/allperiods", {"acctIds": [FIRST]}).json
    own = said[FIRST]
    assert said["view"] == said["included"] == [FIRST]
    assert own["periods"] == ["1D", "7D", "MTD", "1M", "YTD", "1Y"]
    for period in own["periods"]:
        assert len(own[period]["dates"]) == len(own[period]["nav"]) == len(own[period]["cps"])
    assert own["lastSuccessfulUpdate"] == "2026-11-24 18:00:00"
    assert desk.client.post("/pa/allperiods", {}).status == 400


def test_one_period_and_all_periods_agree(desk: Desk) -> None:
    one = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1M"}).json
    every = desk.client.post("/pa/allperiods", {"acctIds": [FIRST]}).json[FIRST]["1M"]
    assert every["nav"] == one["nav"]["data"][0]["navs"]
    assert every["cps"] == one["cps"]["data"][0]["returns"]


def test_old_gateways_call_the_period_a_frequency(desk: Desk) -> None:
    new = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1M"}).json
    assert desk.client.post("/pa/performance", {"acctIds": [FIRST], "freq": "1M"}).json == new


def test_without_a_period_it_is_a_year(desk: Desk) -> None:
    year = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "12M"}).json
    assert desk.client.post("/pa/performance", {"acctIds": [FIRST]}).json == year
    assert desk.client.post("/pa/performance", {"acctIds": [FIRST], "freq": "D"}).json == year


@pytest.mark.parametrize(("freq", "months"), [("M", 1), ("Q", 3)])
def test_a_frequency_thins_a_series_out_to_the_ends_of_months_or_quarters(desk: Desk, freq: str, months: int) -> None:
    daily = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "YTD"}).json
    said = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "YTD", "freq": freq}).json
    ends = {
        (int(day[4:6]) - 1) // months: (day[:6], value)
        for day, value in zip(daily["nav"]["dates"], daily["nav"]["data"][0]["navs"], strict=True)
    }
    assert said["nav"]["freq"] == said["cps"]["freq"] == freq
    assert list(zip(said["nav"]["dates"], said["nav"]["data"][0]["navs"], strict=True)) == list(ends.values())
    assert said["cps"]["data"][0]["returns"][-1] == daily["cps"]["data"][0]["returns"][-1]


@pytest.mark.parametrize(("coded", "expected"), [(False, None), (True, 0)])
def test_a_return_code_is_a_matter_of_the_build(coded: bool, expected: int | None) -> None:
    client = make_desk(flavour=Flavour(return_code=coded)).client
    assert client.post("/pa/performance", {"acctIds": [FIRST], "period": "7D"}).json.get("rc") == expected
    assert client.post("/pa/allperiods", {"acctIds": [FIRST]}).json.get("rc") == expected


def test_everybody_together_is_the_sum_of_the_series() -> None:
    desk = make_desk(accounts=2, positions=20, adviser=True)
    ids = desk.simulation.account_ids
    said = desk.client.post("/pa/performance", {"acctIds": ["All"], "period": "7D"}).json
    each = desk.client.post("/pa/performance", {"acctIds": ids, "period": "7D"}).json
    assert (said["included"], said["nav"]["data"][0]["id"]) == (["All"], "All")
    assert said["nav"]["data"][0]["navs"] == each["nav"]["data"][0]["navs"]
    desk.prime()
    base = desk.client.get("/portfolio/All/ledger").json["BASE"]
    assert said["nav"]["data"][0]["navs"][-1] == pytest.approx(base["netliquidationvalue"], rel=1e-6)


def test_a_window_starts_on_its_calendar_day_and_counts_from_the_value_before() -> None:
    desk = make_desk(at=datetime(2026, 9, 9, 23, tzinfo=UTC))
    said = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1M"}).json
    row = said["nav"]["data"][0]
    assert (row["start"], said["nav"]["dates"][0], row["startNAV"]["date"]) == ("20260809", "20260810", "20260807")
    assert said["nd"] == 34
    assert len(said["nav"]["dates"]) == 23


def test_accounts_that_were_opened_lately_have_short_series() -> None:
    desk = make_desk(positions=5, opened=date(2026, 11, 16))
    desk.prime()
    said = desk.client.post("/pa/performance", {"acctIds": [FIRST], "period": "1Y"}).json
    assert said["nav"]["dates"] == [f"202611{day}" for day in (16, 17, 18, 19, 20, 23, 24)]
    assert (said["nav"]["data"][0]["start"], said["nav"]["data"][0]["startNAV"]["val"]) == ("20261116", 0.0)
    assert said["tpps"]["dates"] == ["202611"]
    every = desk.client.post("/pa/allperiods", {"acctIds": [FIRST]}).json[FIRST]
    assert len(every["1Y"]["nav"]) == 7
    opened = desk.client.get("/portfolio/accounts").json[0]["accountStatus"]
    assert datetime.fromtimestamp(opened / 1000, UTC) == datetime(2026, 11, 16, 13, tzinfo=UTC)


def test_a_summary_of_performance_is_not_supported(desk: Desk) -> None:
    answer = desk.client.post("/pa/summary", {"acctIds": [FIRST]})
    assert (answer.status, answer.json["error"]) == (404, "Resource not found")
