"""What a look does: told once, lost on record, held back where something failed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pyarrow as pa
import pytest

from pipelines.definitions import declared
from pipelines.watch import HEALS_BY_ITSELF, Watch, is_publishable
from resources.gateway.incidents import Incidents
from resources.lake.held_back import Held
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import Nights
from tests.pipelines.watched import LANDINGS, MONDAY, TUESDAY, House, night, resumed
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.slow

SUCCESS, FAILURE, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED
NEXT_OPEN = timedelta(hours=15)


@pytest.fixture
def phone(house: House) -> Iterator[Receiver]:
    with receiving() as receiver:
        house.targets = [receiver.target]
        yield receiver


@pytest.fixture
def watch(house: House, phone: Receiver) -> Iterator[Watch]:  # noqa: ARG001
    found = house.watch()
    yield found
    found.gateway.close()


def _titles(phone: Receiver) -> list[str]:
    return [posted["title"] for _, posted in phone.posted]


def _lapse(house: House) -> None:
    house.simulator.control.log_out()
    house.look()


def test_a_person_is_told_once_per_incident_and_day(house: House, watch: Watch, phone: Receiver) -> None:
    _lapse(house)
    house.park("ledger", "positions", "bars_1d")
    for _ in range(3):
        watch.alert()
    [title] = _titles(phone)
    assert title == "IBKR: log in by Tue 09:30 New York"
    [(_, posted)] = phone.posted
    assert "U9900001" not in posted["message"]
    assert "- ledger, positions of Mon 23 Nov" in posted["message"]
    house.simulator.control.advance(timedelta(days=1))
    house.look()
    house.park("ledger", day=TUESDAY)
    watch.alert()
    watch.alert()
    assert len(phone.posted) == 2
    assert "- ledger of Tue 24 Nov" in phone.posted[1][1]["message"]


def test_what_is_held_back_is_told_once_per_landing_by_whoever_looks(watch: Watch, phone: Receiver) -> None:
    shrank = Held("positions", MONDAY, "first.jsonl.gz", "positions of U1234567 is held back: 4 rows. `make accept`")
    watch.lake.held_back.hold(shrank, pa.table({"conid": [1]}))
    watch.alert()
    watch.alert()
    [(_, posted)] = phone.posted
    assert posted["title"] == "IBKR: decide, nothing is published"
    assert "positions of U…4567 is held back: 4 rows. `make accept`" in posted["message"]
    watch.lake.held_back.hold(replace(shrank, landing="second.jsonl.gz"), pa.table({"conid": [1]}))
    watch.alert()
    assert len(phone.posted) == 2
    assert watch.lake.held_back.accepted_at("positions", MONDAY, "first.jsonl.gz") is None, "to be told decides nothing"


def test_what_is_held_back_is_told_again_where_telling_reached_nobody(house: House) -> None:
    house.targets = ["json://127.0.0.1:9"]
    watch = house.watch()
    watch.lake.held_back.hold(Held("positions", MONDAY, "a.jsonl.gz", "shrank"), pa.table({"conid": [1]}))
    with receiving() as phone:
        watch.tell_held_back()
        replace(watch, targets=[phone.target]).tell_held_back()
        assert _titles(phone) == ["IBKR: decide, nothing is published"]
    watch.gateway.close()


def test_many_watches_of_one_login_tell_once(house: House, phone: Receiver) -> None:
    _lapse(house)
    house.park("ledger")
    for _ in range(3):
        other = house.watch()
        other.alert()
        other.gateway.close()
    assert len(phone.posted) == 1


def test_an_incident_ends_with_a_session_that_is_ready_and_the_next_is_told_again(
    house: House, watch: Watch, phone: Receiver
) -> None:
    [work] = house.park("ledger")
    _lapse(house)
    watch.alert()
    house.simulator.control.log_in()
    house.look()
    watch.alert()
    assert Incidents(watch.gateway.folder).current() is not None, "its work waits still"
    watch.lake.parked.end(work, "landed", "by run 2", at=watch.present().now)
    watch.alert()
    assert Incidents(watch.gateway.folder).current() is None
    _lapse(house)
    house.park("ledger")
    watch.alert()
    assert len(phone.posted) == 2


def test_an_incident_does_not_end_while_the_login_is_away_though_nothing_waits(
    house: House, watch: Watch, phone: Receiver
) -> None:
    [work] = house.park("ledger")
    _lapse(house)
    watch.alert()
    watch.lake.parked.end(work, "lost", "too late", at=watch.present().now)
    watch.alert()
    house.park("ledger")
    watch.alert()
    assert len(phone.posted) == 1


@pytest.mark.parametrize(
    ("waits_for", "since", "title"),
    [
        ("LoginRequired", timedelta(), "IBKR: log in by Tue 09:30 New York"),
        ("Competing", timedelta(), "IBKR: log out elsewhere by Tue 09:30 New York"),
        ("Unreachable", timedelta(), "IBKR: start the gateway by Tue 09:30 New York"),
        ("Throttled", timedelta(), "IBKR: paused until Mon 18:45 New York"),
        ("Postponed", HEALS_BY_ITSELF * 3, None),
        ("Maintenance", HEALS_BY_ITSELF, None),
        ("Maintenance", HEALS_BY_ITSELF + timedelta(minutes=1), "IBKR: log in by Tue 09:30 New York"),
        ("NotReady", HEALS_BY_ITSELF, None),
        ("NotReady", HEALS_BY_ITSELF + timedelta(minutes=1), "IBKR: log in by Tue 09:30 New York"),
    ],
)
def test_a_person_is_told_what_to_do_and_of_what_heals_by_itself_only_when_it_does_not(
    house: House, watch: Watch, phone: Receiver, waits_for: str, since: timedelta, title: str | None
) -> None:
    house.look()
    until = watch.present().here + timedelta(minutes=15) if waits_for in {"Throttled", "Postponed"} else None
    house.park("ledger", waits_for=waits_for, since=since, until=until)
    watch.alert()
    assert _titles(phone) == ([] if title is None else [title])
    assert [line for line in house.told if title is None or not line.startswith(title)] == []


def test_an_alert_that_reached_nobody_is_sent_again(house: House, watch: Watch, phone: Receiver) -> None:
    _lapse(house)
    house.park("ledger")
    phone.status = 500
    watch.alert()
    assert any("alert target 1" in line for line in house.told)
    phone.status = 200
    watch.alert()
    watch.alert()
    assert len(phone.posted) == 2, "the one that failed, and the one that did not"


def test_what_is_too_late_is_lost_in_the_record_and_on_the_assets_page_and_told(house: House, watch: Watch) -> None:
    house.park("ledger", "bars_1d")
    house.simulator.control.advance(NEXT_OPEN)
    _lapse(house)
    assert watch.plan(house.instance).runs == ()
    assert [work.dataset for work in watch.lake.parked.waiting()] == ["bars_1d"]
    [ended] = watch.lake.parked.ended()
    assert (ended.work.dataset, ended.ending, ended.ended_at) == ("ledger", "lost", watch.present().now)
    [record] = house.instance.fetch_observations(dg.AssetKey(["raw", "ledger"]), limit=10).records
    observed = record.asset_observation
    assert observed is not None
    assert observed.partition == "2026-11-23"
    lost = str(observed.metadata["lost"].value)
    assert lost == ended.reason.replace("U9900001", "U…0001")
    assert house.told == [f"lost: ledger of 2026-11-23: {lost}"]
    watch.plan(house.instance)
    assert len(watch.lake.parked.ended()) == 1


@pytest.mark.parametrize(("fails", "may"), [(False, True), (True, False)])
def test_what_a_failed_night_parked_is_not_published(house: House, watch: Watch, fails: bool, may: bool) -> None:
    works = house.park("ledger", run_id=night(house.instance, fails=fails))
    works += house.park("bars_1d", run_id=night(house.instance))
    assert watch.may_publish(house.instance, works) is may


def test_what_was_parked_by_a_run_that_nobody_knows_any_more_is_published(house: House, watch: Watch) -> None:
    assert watch.may_publish(house.instance, house.park("ledger", run_id="of another Dagster home"))


@pytest.mark.parametrize(
    ("status", "assets", "may"),
    [
        (SUCCESS, ["raw/ledger", "ledger", "warehouse"], True),
        (SUCCESS, ["raw/ledger", "ledger"], False),
        (FAILURE, ["raw/ledger", "ledger", "warehouse"], False),
        (STARTED, ["raw/ledger", "ledger", "warehouse"], False),
    ],
)
def test_what_a_failed_night_holds_back_stays_so_when_its_work_is_parked_again(
    house: House, status: dg.DagsterRunStatus, assets: list[str], may: bool
) -> None:
    assert is_publishable(resumed(house.instance, status, *assets)) is may


def test_what_is_under_way_is_not_planned_a_second_time(house: House, watch: Watch) -> None:
    house.park("ledger", "positions")
    house.look()
    first = watch.plan(house.instance).runs
    assert [one.datasets for one in first] == [["ledger", "positions"]]
    run = resumed(house.instance, STARTED, "raw/ledger", "ledger", "warehouse")
    assert [one.datasets for one in watch.plan(house.instance).runs] == [["positions"]]
    house.instance.report_run_failed(run)
    assert watch.plan(house.instance).runs == first


def test_what_a_night_parked_is_not_planned_before_that_night_has_ended(house: House, watch: Watch) -> None:
    house.look()
    under_way = resumed(house.instance, STARTED, "raw/symbols")
    house.park("ledger", run_id=under_way.run_id)
    assert watch.plan(house.instance).runs == ()
    house.instance.report_run_failed(under_way)
    assert len(watch.plan(house.instance).runs) == 1


def test_a_table_whose_check_had_to_wait_is_made_again_with_what_it_waited_for(house: House, watch: Watch) -> None:
    house.look()
    [work] = house.park("ledger", run_id=night(house.instance))
    with watch.lake.raw.landing("allocation", "2026-11-23", at=watch.present().now, run_id="night"):
        pass
    [resumption] = watch.plan(house.instance).runs
    found = declared()
    keys = watch.assets(
        resumption,
        house.instance,
        tables=found.tables,
        checks=found.checks,
        published=[dg.AssetKey("warehouse")],
    )
    made = [key.to_user_string() for key in keys]
    ours = [table for table in found.tables if table.raw.time == "local"]
    records = {name for table in ours for name in (f"raw/{table.raw.name}", table.name)}
    assert records < set(made), "the day's own records are told anew"
    assert [one for one in made if one not in records] == [
        "raw/ledger",
        "allocation",
        "ledger",
        "warehouse",
    ]
    assert work.days == (MONDAY,)


def test_a_look_says_how_the_session_stands_and_names_no_account(house: House, watch: Watch) -> None:
    assert watch.keep() == "ready since 2026-11-23 23:30 UTC."
    _lapse(house)
    assert watch.keep().startswith("not logged in since 2026-11-23 23:30 UTC. POST /iserver/auth/status: 401")


def test_a_look_that_is_not_possible_says_why_and_still_alerts(house: House, phone: Receiver) -> None:
    house.park("ledger")
    with serve(Options(positions=1)) as other:
        wrong = Nights(house.folder, house.simulator).resources
        gateway = wrong["gateway"].model_copy(update={"certificate": str(other.certificate)})
        watch = Watch(gateway, house.nights.lake, wrong["scope"], LANDINGS, house.targets, house.told.append)
        told = watch.keep()
        gateway.close()
    assert told.startswith("The session was not looked at: ")
    assert "the certificate is not trusted" in told
    assert len(phone.posted) == 1
