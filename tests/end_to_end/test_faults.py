"""Every fault of the simulator against the real pipeline: it is survived, waited for, or refused in clear words.

What is refused or waited for is not published. What is waited for lands in the end, with the rows of a good night.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines.definitions import declared
from resources.simulator.faults.catalogue import CATALOGUE
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.end_to_end.faulty import (
    ANY_POSITION,
    ANYTHING,
    BARS,
    DEFINITIONS,
    INSTRUMENTS,
    LEDGER,
    POSITIONS,
    SCOPE,
    TABLES,
    always,
    keys_of,
    night,
    of,
    once,
    once_only,
    rows_of,
    undisturbed,
)
from tests.house import House
from tests.nights import Nights
from tests.once import made_once

pytestmark = [pytest.mark.slow, pytest.mark.long]
UNDISTURBED = (3, 120)
ALL = tuple(TABLES)
WITH_CASH = ("ledger", "allocation", "positions")
PERISHABLE_AND_REPLAYABLE = ("ledger", "bars_1d")
FRIDAY = 1_795_132_800_000  # 2026-11-20
SURVIVED = {
    "a timeout": once(of("timed_out", seconds=0.05)),
    "a 500": once("failing", lands=ALL),
    "a busy gateway": once("unavailable"),
    "a maintenance page": once(of("html", page="maintenance")),
    "a connection dropped before the reply": once("reset"),
    "a connection dropped in the middle of the reply": once(of("reset", sent=0.5)),
    "slow replies": once(of("slow", seconds=0.1)),
    "half a reply": once("truncated"),
    "JSON with a mistake": once(of("malformed", how="quotes")),
    "the portfolio's accounts failing first": once_only("failing", "/portfolio/accounts"),
    "a bridge that fails under way": once_only("bridgeless", BARS),
    "a brokerage session that is lost under way": once_only("unauthenticated", BARS),
    "a bridge that is being built": once_only("bridgeless", "/iserver/accounts"),
    "keys that nobody has heard of": always("added_fields", ANYTHING, lands=ALL),
    "a clock that is a minute ahead": always(of("skewed", seconds=60), "*"),
    "numbers as text": always(of("retyped", fields=["position", "mktPrice", "conid"]), POSITIONS),
    "one position without a price, which comes when asked for alone": always(
        of("missing_fields", fields=["mktPrice"], every=2), POSITIONS
    ),
    **{
        f"a price that is {value}": always(of("nan_like", fields=["mktPrice"], value=value, every=2), POSITIONS)
        for value in ("NaN", "dash")
    },
    "bars that come twice": always(of("duplicated", rows=2), BARS),
    "a day whose bar is not there at first": once_only(of("lacking", least=FRIDAY, below=FRIDAY + 86_400_000), BARS),
    "the same answers from a cache": always("stale", ANYTHING, lands=(*INSTRUMENTS, "bars_1d")),
    "a first page that is empty at first": once_only("empty", POSITIONS),
    "definitions that are missing at first": once_only("empty", DEFINITIONS),
    "a page that was the one before": once_only("repeated", POSITIONS, holds=120, skip=1),
}
REFUSED = {
    "a timeout": (always(of("timed_out", seconds=0.05), LEDGER), "503, an empty body. The gateway or IBKR is busy"),
    "a 500": (always("failing", LEDGER), "500, Internal Server Error. The gateway or IBKR is busy"),
    "a busy gateway": (always("unavailable", LEDGER), "503, Service Unavailable. The gateway or IBKR is busy"),
    "a 401 while somebody is logged in": (always("logged_out", LEDGER), "while somebody is. This login may not ask it"),
    "a login page while somebody is logged in": (
        always("html", LEDGER),
        "while somebody is. This login may not ask it",
    ),
    "access denied": (always(of("html", page="denied"), LEDGER), "'Access Denied'. Allow this machine's address"),
    "an error inside 200": (always("apologetic", LEDGER), "answered 200 with the error 'unknown'"),
    "no bridge": (always("bridgeless", LEDGER), "The brokerage session must be initialised"),
    "not authenticated": (always("unauthenticated", LEDGER), "The brokerage session must be initialised"),
    "dropped connections": (always("reset", LEDGER), "the reply broke off"),
    "dropped connections under way": (always(of("reset", sent=0.5), LEDGER), "the reply broke off"),
    "half a reply": (always("truncated", LEDGER), "the reply was cut or mangled. Ask again"),
    "JSON with a mistake": (always("malformed", LEDGER), "the reply was cut or mangled. Ask again"),
    "a clock that is a day ahead": (
        always(of("skewed", seconds=86400), "*", lands=("ledger",)),
        "its trading day is 2026-11-24 now",
    ),
    "a clock that is a day behind": (
        always(of("skewed", seconds=-86400), "*", lands=("ledger",)),
        "that trading day has not begun",
    ),
}
PARKED = {
    "a lost login": (
        always("logged_out", "*", skip=4, lands=(*INSTRUMENTS, "bars_1d")),
        "LoginRequired",
        "401, nobody is logged in. Log in",
    ),
    "a lost login from the start": (
        always("logged_out", "*", lands=PERISHABLE_AND_REPLAYABLE),
        "LoginRequired",
        "401, nobody is logged in. Log in",
    ),
    "a login page": (
        always("html", "*", lands=PERISHABLE_AND_REPLAYABLE),
        "LoginRequired",
        "the HTML login page. Log in",
    ),
    "a broken limit": (
        always("throttled", LEDGER, lands=PERISHABLE_AND_REPLAYABLE),
        "Throttled",
        "a pacing limit was broken",
    ),
    "a maintenance page": (
        always(of("html", page="maintenance"), "*", lands=PERISHABLE_AND_REPLAYABLE),
        "Maintenance",
        "busy or under maintenance",
    ),
    "a gateway that is always busy": (
        always("unavailable", "*", skip=4, lands=PERISHABLE_AND_REPLAYABLE),
        "Maintenance",
        "503, Service Unavailable",
    ),
    "a bridge that never comes": (
        always("bridgeless", "/iserver/*", skip=1, lands=PERISHABLE_AND_REPLAYABLE),
        "NotReady",
        "it was initialised, but never became ready",
    ),
}
BLOCKED = {
    "a page that is always the one before": (
        always("repeated", POSITIONS, holds=120),
        "no_contract_stands_on_two_pages",
    ),
    "rows that moved down unseen": (
        once_only("shifted", POSITIONS, holds=120, skip=1),
        "no_contract_stands_on_two_pages",
    ),
    "rows that moved up between two pages": (
        always(of("shifted", direction="up"), POSITIONS, holds=120, skip=1, lands=WITH_CASH),
        "asset_classes_are_the_positions_plus_cash",
    ),
    "an empty second page": (
        always("empty", "*/positions/1", holds=120, lands=WITH_CASH),
        "asset_classes_are_the_positions_plus_cash",
    ),
    "an empty ledger": (always("empty", LEDGER, lands=WITH_CASH), "asset_classes_are_the_positions_plus_cash"),
    "positions that come twice": (always("duplicated", POSITIONS), "no_contract_stands_on_two_pages"),
    "definitions that come twice": (always("duplicated", DEFINITIONS), "key_is_unique"),
    "positions without prices": (
        always(of("missing_fields", fields=["mktPrice"]), ANY_POSITION),
        "not_every_row_was_rejected",
    ),
    "bars without times": (always(of("missing_fields", fields=["t"]), BARS), "not_every_row_was_rejected"),
    "cash that is an object": (
        always(of("retyped", fields=["cashbalance"], to="object"), LEDGER),
        "not_every_row_was_rejected",
    ),
    "a price that is no number, also when asked for alone": (
        always(of("nan_like", fields=["mktPrice"], value="NaN"), ANY_POSITION),
        "not_every_row_was_rejected",
    ),
    "positions of other contracts": (
        always("misdirected", POSITIONS, lands=INSTRUMENTS),
        "every_held_contract_is_known",
    ),
    "definitions of other contracts": (always("misdirected", DEFINITIONS), "every_held_contract_is_known"),
    "positions of another account": (
        always(of("misdirected", what="account"), POSITIONS),
        "not_every_row_was_rejected",
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Undisturbed nights, by the number of positions."""
    folder = made_once(tmp_path_factory, "healthy", _live_healthy_nights)
    return {holds: folder / str(holds) for holds in UNDISTURBED}


def _live_healthy_nights(folder: Path) -> None:
    for holds in UNDISTURBED:
        with undisturbed(folder / str(holds), holds) as (_, outcome):
            assert outcome.is_success, (outcome.failures, outcome.failed_checks)


@pytest.mark.parametrize("name", SURVIVED)
def test_a_night_survives(good: dict[int, Path], tmp_path: Path, name: str) -> None:
    case = SURVIVED[name]
    with night(tmp_path, case, after=good[case.holds], publishes=case.lands == ALL) as (nights, outcome):
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        assert outcome.failures == []
        _assert_same(nights, good[case.holds], case.tables)


@pytest.mark.parametrize("name", REFUSED)
def test_a_night_refuses_in_clear_words(tmp_path: Path, name: str) -> None:
    case, words = REFUSED[name]
    with night(tmp_path, case, publishes=False) as (nights, outcome):
        [reason] = outcome.failures
    assert words in reason
    assert "\n" not in reason
    assert "mistake in the software" not in reason
    assert nights.lake.tables.files("ledger") == []


@pytest.mark.parametrize("name", PARKED)
def test_a_night_waits_and_ends_as_a_good_one(good: dict[int, Path], tmp_path: Path, name: str) -> None:
    case, waits_for, words = PARKED[name]
    with night(tmp_path, case, after=good[case.holds], publishes=True) as (nights, outcome):
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        waiting = nights.lake.parked.waiting()
        assert {work.waits_for for work in waiting} == {waits_for}
        for work in waiting:
            assert words in work.reason
            assert "\n" not in work.reason
        parked = {work.dataset for work in waiting}
        assert {one.dataset for one in outcome.parked} == parked >= {"bars_1d"}
        assert not nights.lake.layout.warehouse_file.exists()
        waits = [table.name for table in declared().tables if table.raw.name in parked]
        assert [name for name in waits if nights.lake.tables.files(name)] == []

        assert isinstance(nights.gateway, Running)
        nights.gateway.control.clear_faults()
        house = House(nights, nights.gateway)
        house.live_until(max(work.until or house.now for work in waiting) + timedelta(minutes=2))
        assert [outcome.failures for outcome in house.outcomes if outcome.failures] == []
    assert nights.lake.parked.waiting() == []
    assert {(one.work.key, one.ending) for one in nights.lake.parked.ended()} == {
        (work.key, "landed") for work in waiting
    }
    _assert_same(nights, good[case.holds], case.tables)
    assert nights.lake.layout.warehouse_file.exists()


@pytest.mark.parametrize("name", BLOCKED)
def test_a_night_publishes_nothing(good: dict[int, Path], tmp_path: Path, name: str) -> None:
    case, check = BLOCKED[name]
    with night(tmp_path, case, after=good[case.holds], publishes=True) as (nights, outcome):
        assert not outcome.is_success
    assert check in {failed.name for failed in outcome.failed_checks if failed.is_blocking}
    assert outcome.failures == []
    assert not nights.lake.layout.warehouse_file.exists()


def test_bars_of_no_number_are_rejected_one_by_one_and_the_rest_goes_on(good: dict[int, Path], tmp_path: Path) -> None:
    case = always(of("nan_like", fields=["c"], every=3), BARS)
    with night(tmp_path, case, after=good[case.holds], publishes=True) as (nights, outcome):
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    rejected = nights.lake.tables.read(nights.lake.tables.rejected_files("bars_1d"))
    assert {reason for reasons in rejected["reasons"] for reason in reasons} == {"close: c cannot be read as float"}
    assert len(nights.table("bars_1d")) > len(rejected)


def test_every_fault_is_met_by_a_night() -> None:
    cases = [*SURVIVED.values(), *(case for case, _ in (*REFUSED.values(), *BLOCKED.values()))]
    assert {case.name for case in cases} | {case.name for case, _, _ in PARKED.values()} == set(CATALOGUE)


@pytest.mark.parametrize("name", ["bad", "flaky_pages"])
def test_a_ready_made_night_ends_with_the_tables_of_a_good_one(
    good: dict[int, Path], tmp_path: Path, name: str
) -> None:
    with serve(Options(clock=EVENING, positions=120)) as gateway:
        gateway.control.replace_faults({"night": name})
        nights = Nights(tmp_path, gateway, scope={**SCOPE, "bars_asset_classes": ["BOND"]})
        outcome = nights.materialize(*keys_of(TABLES), day=DAY)
        assert sum(rule["struck"] for rule in gateway.control.faults()) > 0
        assert gateway.control.limits()["broken"] == []
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    _assert_same(nights, good[120], TABLES)


def _assert_same(nights: Nights, good: Path, tables: Iterable[str]) -> None:
    for table in tables:
        pd.testing.assert_frame_equal(rows_of(nights, table), rows_of(Nights(good), table))
