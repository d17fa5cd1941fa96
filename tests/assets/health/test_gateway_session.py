from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.warehouse import read_marts, table_source
from resources.envelope import Request
from resources.simulator.options import Options
from resources.simulator.server import serve
from resources.warehouse.build import build, connected
from tests.assets.bent import TABLES, Bent
from tests.assets.health.conftest import DAY, EVENING, SCOPE, SMALL, Night
from tests.assets.health.written import EVENING as MONDAY_EVENING
from tests.assets.health.written import MONDAY, OPENS, TUESDAY, Written
from tests.nights import Nights, rest

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
WAS_UP = "the_session_was_up_when_the_night_landed"


def test_an_observation_is_read_as_what_the_gateway_said(bent: Bent) -> None:
    def told(_: Request, line: dict[str, Any]) -> Any:
        return {**line, "ssoExpires": 412_345, "established": None, "message": ""}

    row = bent.bend("gateway_session", told).build("gateway_session").rows("gateway_session").iloc[0].to_dict()
    assert (row["state"], row["is_authenticated"], row["is_competing"]) == ("ready", True, False)
    assert (row["is_established"], row["message"], row["reason"], row["extra"]) == (None, None, None, None)
    assert row["login_expires_seconds"] == pytest.approx(412.345)
    assert row["server_name"]


def test_observations_of_one_instant_are_numbered_as_they_were_made(written: Written) -> None:
    written.observed(MONDAY_EVENING, "brokerage session dead").observed(MONDAY_EVENING, "ready")
    written.observed(MONDAY_EVENING + MINUTE, "ready").landed("gateway_session")
    rows = written.rows("gateway_session")
    assert [(row["observed_at"], row["place"], row["state"]) for row in rows] == [
        (MONDAY_EVENING, 0, "brokerage session dead"),
        (MONDAY_EVENING, 1, "ready"),
        (MONDAY_EVENING + MINUTE, 0, "ready"),
    ]


def test_an_observation_belongs_to_the_day_that_opened_last(written: Written) -> None:
    written.observed(OPENS - MINUTE, "ready").observed(OPENS, "ready")
    assert [row["observed_at"] for row in written.landed("gateway_session").rows("gateway_session")] == [OPENS]
    written.landed("gateway_session", TUESDAY)
    assert written.rows("gateway_session", TUESDAY) == []


def test_what_was_landed_once_stays_when_the_journal_is_gone(written: Written) -> None:
    written.observed(MONDAY_EVENING, "ready").landed("gateway_session")
    for path in (written.gateway_folder / "observations").iterdir():
        path.unlink()
    written.observed(MONDAY_EVENING + MINUTE, "not logged in").landed("gateway_session").landed("gateway_session")
    assert [row["state"] for row in written.rows("gateway_session")] == ["ready", "not logged in"]


def test_a_state_that_is_none_of_the_machines_fails(bent: Bent) -> None:
    assert bent.build("gateway_session").verdict("states_are_known").has_passed
    bent.bend("gateway_session", lambda _, line: {**line, "state": "asleep"}).build("gateway_session")
    [offender] = bent.verdict("states_are_known").offenders
    assert offender["state"] == "asleep"


def test_a_night_with_the_session_up_at_its_last_call_passes(written: Written) -> None:
    written.answered("a", MONDAY_EVENING).answered("b", MONDAY_EVENING + 5 * MINUTE)
    written.observed(MONDAY_EVENING, "brokerage session dead").observed(MONDAY_EVENING + MINUTE, "ready")
    written.observed(MONDAY_EVENING + 60 * MINUTE, "not logged in")
    written.landed("requests")
    assert _offenders(written) == {}


@pytest.mark.parametrize(
    "observed", [["ready", "bridge being built"], ["not logged in"], []], ids=["lost", "lapsed", "never seen"]
)
def test_a_night_at_whose_last_call_the_session_was_not_up_fails(written: Written, observed: list[str]) -> None:
    for number, state in enumerate(observed):
        written.observed(MONDAY_EVENING + number * MINUTE, state)
    written.answered("a", MONDAY_EVENING + 5 * MINUTE).landed("requests")
    assert _offenders(written) == {WAS_UP: 1}


@pytest.mark.parametrize("other", [{"rank": "backfill"}, {"run_id": ""}], ids=["a backfill", "outside of a run"])
def test_only_nights_are_judged(written: Written, other: dict[str, str]) -> None:
    written.answered("a", MONDAY_EVENING, **other).observed(MONDAY_EVENING, "not logged in").landed("requests")
    assert _offenders(written) == {}


def test_without_the_calls_it_cannot_be_judged(written: Written) -> None:
    written.observed(MONDAY_EVENING, "ready")
    assert _offenders(written) == {WAS_UP: 1}


def test_the_spells_tell_from_when_to_when_in_which_state_and_why(written: Written, tmp_path: Path) -> None:
    at = MONDAY_EVENING
    written.observed(at, "ready").observed(at + 15 * MINUTE, "ready")
    written.observed(at + 20 * MINUTE, "competing login", "in use elsewhere", competing=True)
    written.observed(at + 35 * MINUTE, "competing login", "in use elsewhere", competing=True)
    written.observed(at + 17 * 60 * MINUTE, "ready").landed("gateway_session").landed("gateway_session", TUESDAY)
    first, second, third = _spells(written, tmp_path / "a.duckdb")
    assert (first["began_at"], first["last_seen_at"], first["ended_at"]) == (at, at + 15 * MINUTE, at + 20 * MINUTE)
    assert (first["is_up"], first["looks"], first["seconds"], first["unwatched_seconds"]) == (True, 2, 1200, 0)
    assert (second["state"], second["is_up"], second["is_competing"]) == ("competing login", False, True)
    assert (second["why"], second["unwatched_seconds"]) == ("in use elsewhere", (17 * 60 - 35) * 60)
    assert (third["is_up"], third["seconds"], third["ended_at"] is pd.NaT) == (True, 0, True)


@pytest.mark.slow
def test_a_night_without_a_login_lands_its_observations_all_the_same(lapsed: Night) -> None:
    rows = lapsed.nights.table("gateway_session")
    assert set(rows["state"]) == {"not logged in"}
    assert rows["reason"].str.contains("Log in at the gateway's page").all()
    assert WAS_UP in [one.name for one in lapsed.outcome.failed_checks]
    assert not [one for one in lapsed.outcome.failed_checks if one.is_blocking and one.dataset == "gateway_session"]


@pytest.mark.slow
def test_a_login_in_the_same_evening_ends_the_spell_without_one(tmp_path: Path) -> None:
    with serve(Options(clock=EVENING, positions=2, logged_in=False)) as gateway:
        nights = Nights(tmp_path, gateway, scope=SCOPE, choices=SMALL)
        nights.run("nightly", DAY)
        gateway.simulation.clock.advance(10 * MINUTE)
        gateway.control.log_in()
        rest(gateway)
        outcome = nights.run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert WAS_UP in [one.name for one in outcome.failed_checks], "the first night of that day was without one"
    spells = nights.query("select * from session_spells order by began_at").to_dict("records")
    assert (spells[0]["state"], spells[-1]["state"]) == ("not logged in", "ready")
    assert spells[0]["began_at"] >= EVENING
    assert spells[0]["seconds"] >= 600


def _offenders(written: Written) -> dict[str, int]:
    outcome = written.run("gateway_session", MONDAY)
    assert outcome.is_success, outcome.failures
    return {one.name: one.offenders for one in outcome.failed_checks}


def _spells(written: Written, target: Path) -> list[dict[str, Any]]:
    [mart] = [one for one in read_marts() if one.name == "session_spells"]
    build(target, [table_source(TABLES["gateway_session"], written.nights.lake.tables)], [mart])
    with connected(target, read_only=True) as connection:
        found: pd.DataFrame = connection.execute("select * from session_spells order by began_at").df()
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]
