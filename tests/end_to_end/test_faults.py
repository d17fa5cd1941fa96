"""What bad moments of the gateway do to a night: passing ones nothing, lasting ones a clear line or a failed check.

Each fault of the simulator strikes here, so that a new one has to be given its place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.definitions import declared
from resources.simulator.faults.catalogue import CATALOGUE
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights

pytestmark = pytest.mark.slow
SCOPE = {"watchlist": ["AAPL"], "bars_asset_classes": ["BOND"], "bars_depth_days": 20}
OBSERVATION = ["observed_at", "raw_sha256", "run_id", "extra"]
LEDGER, POSITIONS = "/portfolio/*/ledger", "/portfolio/*/positions/*"

PASSING: dict[str, dict[str, Any]] = {
    "timed_out": {"waits": False},
    "failing": {},
    "unavailable": {},
    "reset": {},
    "reset in the middle": {"fault": "reset", "sent": 0.5},
    "truncated": {},
    "malformed": {},
    "unauthenticated": {},
    "bridgeless": {},
    "slow": {"seconds": 0.2},
}
"""One reply is spoiled; asked again, or after an init, it comes."""

LASTING: dict[str, str] = {
    "timed_out": "503, an empty body. The gateway or IBKR is busy",
    "failing": "500, Internal Server Error. The gateway or IBKR is busy",
    "unavailable": "503, Service Unavailable. The gateway or IBKR is busy",
    "reset": "the reply broke off",
    "truncated": "the reply was cut or mangled",
    "malformed": "the reply was cut or mangled",
    "html": "the HTML login page. Log in at the gateway's page",
    "apologetic": "answered 200 with the error 'unknown'",
    "throttled": "429, a pacing limit was broken. Stop every program",
    "logged_out": "401, nobody is logged in. Log in",
    "unauthenticated": "The brokerage session must be initialised",
    "bridgeless": "The brokerage session must be initialised",
}
ASKED_ONCE = {"html", "apologetic", "throttled", "logged_out"}  # asking again changes nothing, or makes it worse

HELD_BACK: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "duplicated": (POSITIONS, {}, {}, "no_contract_stands_on_two_pages"),
    "repeated": (POSITIONS, {}, {}, "no_contract_stands_on_two_pages"),
    "shifted": (POSITIONS, {}, {"skip": 1}, "no_contract_stands_on_two_pages"),
    "empty": (LEDGER, {}, {}, "asset_classes_are_the_positions_plus_cash"),
    "nan_like": (LEDGER, {}, {}, "not_every_row_was_rejected"),
    "missing_fields": (LEDGER, {"fields": ["netliquidationvalue"]}, {}, "not_every_row_was_rejected"),
    "misdirected": (POSITIONS, {}, {}, "every_held_contract_is_known"),
}
"""Path, parameters of the fault, of the rule, and the check that stops what it did."""

ELSEWHERE = {"skewed", "stale"}  # each has a test of its own below
HARMLESS: dict[str, dict[str, Any]] = {"slow": {"seconds": 0.1}, "added_fields": {}, "retyped": {"to": "other"}}


@contextmanager
def _gateway(positions: int = 120, **rule: Any) -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=positions)) as running:
        if rule:
            running.control.replace_faults(rule)
        yield running


def _struck(gateway: Running) -> int:
    return sum(rule["struck"] for rule in gateway.control.faults())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    with _gateway() as gateway:
        nights = Nights(tmp_path_factory.mktemp("undisturbed"), gateway, scope=SCOPE)
        assert nights.run("nightly", DAY).is_success
    return nights


def _assert_the_same(found: Nights, expected: Nights, *tables: str) -> None:
    for name in tables:
        left, right = (nights.table(name).drop(columns=OBSERVATION) for nights in (found, expected))
        pd.testing.assert_frame_equal(left, right)


def test_each_fault_has_its_place_here() -> None:
    struck = {rule.get("fault", name) for name, rule in PASSING.items()} | {*LASTING, *HELD_BACK, *HARMLESS, *ELSEWHERE}
    assert struck == set(CATALOGUE)


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_changes_nothing(undisturbed: Nights, tmp_path: Path, name: str) -> None:
    fault = {"fault": name, **PASSING[name]}
    with _gateway(path=LEDGER, times=1, faults=[fault]) as gateway:
        nights = Nights(tmp_path, gateway)
        outcome = nights.materialize("raw/accounts", "raw/ledger", "accounts", "ledger", day=DAY)
        assert _struck(gateway) == 1
        assert gateway.control.limits()["broken"] == []
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    _assert_the_same(nights, undisturbed, "accounts", "ledger")


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_fault_is_one_clear_line_and_what_came_before_is_kept(tmp_path: Path, name: str) -> None:
    parameters = {"waits": False} if name == "timed_out" else {}
    with _gateway(path=LEDGER, faults=[{"fault": name, **parameters}]) as gateway:
        nights = Nights(tmp_path, gateway)
        outcome = nights.materialize("raw/accounts", "raw/ledger", "accounts", "ledger", day=DAY)
        assert (_struck(gateway) == 1) is (name in ASKED_ONCE)
        assert gateway.control.limits()["broken"] == []
    [reason] = outcome.failures
    assert reason.startswith("GET /portfolio/U99…01/ledger: ")
    assert LASTING[name] in reason
    assert "\n" not in reason
    assert len(nights.table("accounts")) == 1
    assert nights.lake.raw.landings("ledger", DAY) == []


@pytest.mark.parametrize("name", HELD_BACK)
def test_a_reply_that_lies_is_held_back_by_a_check(tmp_path: Path, name: str) -> None:
    path, parameters, rule, check = HELD_BACK[name]
    with _gateway(path=path, faults=[{"fault": name, **parameters}], **rule) as gateway:
        nights = Nights(tmp_path, gateway, scope=SCOPE)
        outcome = nights.run("nightly", DAY)
        assert _struck(gateway) > 0
    assert check in {failed.name for failed in outcome.failed_checks if failed.is_blocking}
    assert not outcome.is_success
    assert not nights.lake.layout.warehouse_file.exists(), "nothing of it is published"
    assert nights.lake.raw.partitions("positions") == [DAY], "what was told is kept"


@pytest.mark.parametrize("name", HARMLESS)
def test_a_reply_that_is_only_odd_is_understood(undisturbed: Nights, tmp_path: Path, name: str) -> None:
    with _gateway(path="/portfolio/*", faults=[{"fault": name, **HARMLESS[name]}]) as gateway:
        nights = Nights(tmp_path, gateway)
        outcome = nights.materialize("raw/ledger", "ledger", day=DAY)
        assert _struck(gateway) > 0
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    _assert_the_same(nights, undisturbed, "ledger")


def test_a_clock_that_is_a_day_ahead_never_gives_todays_data_another_day(tmp_path: Path) -> None:
    with _gateway(positions=3, faults=[{"fault": "skewed", "seconds": 86_400}]) as gateway:
        outcome = Nights(tmp_path, gateway, scope=SCOPE).run("nightly", DAY)
    assert not outcome.is_success
    assert all("its trading day is 2026-11-24 now" in reason for reason in outcome.failures)
    assert outcome.failures


def test_a_page_that_is_read_again_from_a_cache_is_a_page_once(undisturbed: Nights, tmp_path: Path) -> None:
    with _gateway(path=POSITIONS, faults=["stale"]) as gateway:
        nights = Nights(tmp_path, gateway)
        outcome = nights.materialize("raw/positions", "positions", day=DAY)
        assert _struck(gateway) > 0
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    _assert_the_same(nights, undisturbed, "positions")


@pytest.mark.parametrize("name", ["bad", "flaky_pages"])
def test_a_ready_made_night_ends_with_the_tables_of_a_good_one(undisturbed: Nights, tmp_path: Path, name: str) -> None:
    with _gateway(night=name) as gateway:
        nights = Nights(tmp_path, gateway, scope=SCOPE)
        outcome = nights.run("nightly", DAY)
        assert _struck(gateway) > 0
        assert gateway.control.limits()["broken"] == []
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    _assert_the_same(nights, undisturbed, *(table.name for table in declared().tables))
