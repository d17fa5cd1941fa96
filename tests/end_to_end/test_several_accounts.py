"""A login with several accounts: what must wait is parked and comes last, and only what was wished for is kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.house import House
from tests.nights import USUAL_LANDINGS, USUAL_TABLES, Nights, only

pytestmark = [pytest.mark.slow, pytest.mark.long]
THREE = Options(clock=EVENING, accounts=3, positions=3)
OLDER = replace(THREE, flavour=Flavour(all_periods=False))
"""A gateway that tells the performance of several accounts one by one, a quarter of an hour apart."""
ACCOUNTS = ["U9900001", "U9900002", "U9900003"]
SCOPE = {"bars_asset_classes": ["BOND"]}
QUARTER = timedelta(minutes=16)
BY_ACCOUNT = [table for table in USUAL_TABLES if "account_id" in table.key]
OF_ACCOUNTS = {table.raw.name for table in BY_ACCOUNT}
TRADES = {"trades", "instruments", "symbols"}
"""Executions are told by account too, and these are needed with them; the rest is the same whoever is logged in."""


@pytest.fixture
def gateway() -> Iterator[Running]:
    with serve(OLDER) as running:
        yield running


def test_a_night_of_several_accounts_waits_for_nothing_and_has_the_months_of_one_by_turns(tmp_path: Path) -> None:
    with serve(THREE) as gateway:
        nights = Nights(tmp_path, gateway, scope=SCOPE, choices=only(*OF_ACCOUNTS, *TRADES))
        outcome = House(nights, gateway).night_falls()
        asked = [request["path"] for request in gateway.control.requests() if "/pa/" in request["path"]]
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert outcome.parked == []
    assert asked == ["/pa/allperiods", "/pa/performance"]
    for name in ("nav", "cumulative_returns"):
        told = nights.query(f"select account_id, count(*) as days from {name} group by all order by all")
        assert told["account_id"].tolist() == ACCOUNTS
        assert told["days"].nunique() == 1
    assert nights.table("period_returns")["account_id"].nunique() == 1


def test_an_advisers_night_is_of_every_client_and_of_the_own_account(tmp_path: Path) -> None:
    clients = ["U9900001", "U9900002"]
    with serve(Options(clock=EVENING, accounts=2, positions=3, adviser=True)) as gateway:
        nights = Nights(tmp_path, gateway, scope=SCOPE, choices=only(*OF_ACCOUNTS, *TRADES))
        outcome = nights.run("nightly", DAY)
        asked = [request["path"] for request in gateway.control.requests() if "accounts" in request["path"]]
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert outcome.failed_checks == []
    assert asked == ["/iserver/accounts", "/portfolio/accounts", "/portfolio/subaccounts2"]
    told = nights.query("select account_id, is_subaccount, coalesce(parent_account_id, '') from accounts order by all")
    assert told.values.tolist() == [["F9900000", False, ""], *([one, True, "F9900000"] for one in clients)]
    assert sorted(nights.table("positions")["account_id"].unique()) == clients
    for name in ("ledger", "summary", "nav"):
        assert sorted(nights.table(name)["account_id"].unique()) == ["F9900000", *clients], name


def _accounts_asked(nights: Nights) -> list[list[str]]:
    """The accounts whose performance each file of replies holds, and that it was told for all of them."""
    files = nights.lake.raw.files("performance", DAY)
    envelopes = [list(nights.lake.raw.read(path)) for path in files]
    answered = [[one for one in found if one.request.path == "/pa/performance"] for found in envelopes]
    assert {one.status for found in answered for one in found} == {200}
    return [[one.request.body["acctIds"][0] for one in found] for found in answered]


def test_each_account_waits_its_quarter_of_an_hour_and_nothing_else_waits_for_it(
    gateway: Running, tmp_path: Path
) -> None:
    kept = {"accounts", "ledger", "positions", "orders", "performance", "symbols", "instruments", "bars_1d"}
    nights = Nights(tmp_path, gateway, scope=SCOPE, choices=only(*kept))
    house = House(nights, gateway)
    evening = house.night_falls()
    assert evening.is_success, (evening.failures, evening.failed_checks)
    [parked] = evening.parked
    assert parked.dataset == "performance"
    assert parked.reason.startswith("POST /pa/performance, 1 per 900 s: the next may be asked at 23:4")
    started = [
        event.step_key or ""
        for event in nights.instance.all_logs(evening.run_id)
        if event.dagster_event and event.dagster_event.is_step_start
    ]
    landed = [step for step in started if step.startswith("raw__")]
    perishable = {f"raw__{one.name}" for one in USUAL_LANDINGS if one.time == "perishable" and one.name in kept}
    assert set(landed[: len(perishable)]) == perishable, "the perishable first"
    assert {"positions", "ledger", "bars_1d"} <= set(started[: started.index("raw__performance")])
    house.look("resume_parked_work")
    assert sorted(nights.query("select distinct account_id from positions")["account_id"]) == ACCOUNTS
    house.live_until(house.now + QUARTER)
    assert [work.dataset for work in nights.lake.parked.waiting()] == ["performance"]
    house.live_until(house.now + QUARTER)
    assert nights.lake.parked.waiting() == []
    assert _accounts_asked(nights) == [ACCOUNTS[:1], ACCOUNTS[:2], ACCOUNTS]
    assert len(gateway.control.requests(path="/pa/performance")) == len(ACCOUNTS)
    assert gateway.control.limits()["broken"] == []
    assert sorted(nights.query("select distinct account_id from nav")["account_id"]) == ACCOUNTS


@pytest.mark.parametrize("wished", [["U9900002"], ["U9900003", "U9900001"]])
def test_only_the_accounts_that_are_wished_for_are_kept_in_any_table(
    gateway: Running, tmp_path: Path, wished: list[str]
) -> None:
    nights = Nights(tmp_path, gateway, scope={**SCOPE, "accounts": wished}, choices=only(*OF_ACCOUNTS))
    house = House(nights, gateway)
    house.night_falls()
    house.live_until(house.now + QUARTER)
    assert nights.lake.parked.waiting() == []
    house.run("reprocess", {"dagster/partition": DAY}, [dg.AssetKey(table.name) for table in BY_ACCOUNT])
    assert {"accounts", "ledger", "positions", "nav"} <= {table.name for table in BY_ACCOUNT}
    for outcome in house.outcomes:
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    for table in BY_ACCOUNT:
        kept = sorted(nights.table(table.name)["account_id"].unique())
        assert kept == sorted(wished) or (table.name == "orders" and not kept), table.name
