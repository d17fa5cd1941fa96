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
