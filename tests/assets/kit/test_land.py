"""What can be landed and what is refused, as runs of real assets against a gateway whose clock a test set.

The clock stands in a past year, so that no answer depends on the day the tests are run.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.simulator.faults.files import parse_rules
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.nights import Nights, rest

pytestmark = pytest.mark.slow

FRIDAY, SATURDAY, MONDAY, TUESDAY = "2024-11-22", "2024-11-23", "2024-11-25", "2024-11-26"
EVENING = datetime(2024, 11, 25, 23, 30, tzinfo=UTC)
REFUSED = (
    f"ledger of {FRIDAY}: the gateway tells it only on the day itself, and its trading day is {MONDAY} now. "
    f"No replies of {FRIDAY} were ever landed, so there is nothing to rebuild it from."
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=2)) as running:
        yield running


@pytest.fixture
def nights(gateway: Running, tmp_path: Path) -> Nights:
    rest(gateway)
    return Nights(tmp_path, gateway)


def _landed(nights: Nights, dataset: str = "ledger") -> list[str]:
    return nights.lake.raw.partitions(dataset)


def test_todays_replies_are_landed(nights: Nights) -> None:
    outcome = nights.materialize("raw/ledger", day=MONDAY)
    assert outcome.is_success, outcome.failures
    [path] = nights.lake.raw.landings("ledger", MONDAY)
    assert [envelope.request.path for envelope in nights.lake.raw.read(path)][-1] == "/portfolio/U9900001/ledger"


def test_a_past_day_that_was_never_landed_is_refused(nights: Nights) -> None:
    assert nights.materialize("raw/ledger", day=FRIDAY).failures == [REFUSED]
    assert _landed(nights) == []


def test_a_past_day_of_a_window_is_refused_with_the_comfort_that_later_nights_hold_it(nights: Nights) -> None:
    [reason] = nights.materialize("raw/performance", day=FRIDAY).failures
    assert "the gateway tells the window as it stands today, and later nights hold these dates too" in reason


def test_a_past_day_of_what_can_be_had_at_any_time_is_landed(nights: Nights) -> None:
    nights.scope = {"watchlist": ["AAPL"]}
    assert nights.materialize("raw/symbols", day=FRIDAY).failures == []
    assert _landed(nights, "symbols") == [FRIDAY]


def test_a_day_that_has_not_begun_is_refused(nights: Nights) -> None:
    assert nights.materialize("raw/ledger", day=TUESDAY).failures == [
        f"ledger of {TUESDAY}: that trading day has not begun, the gateway's is {MONDAY}. Wait for it."
    ]


def test_a_day_on_which_the_exchange_is_closed_is_no_work(nights: Nights) -> None:
    outcome = nights.materialize("raw/ledger", "raw/bars_1d", "ledger", "bars_1d", day=SATURDAY)
    assert outcome.is_success, outcome.failures
    assert outcome.requests == 0
    assert _landed(nights) == []


def test_a_range_keeps_the_days_that_can_be_landed_and_names_the_first_that_cannot(nights: Nights) -> None:
    outcome = nights.materialize("raw/ledger", day=FRIDAY, last=MONDAY)
    assert outcome.failures == [f"1 of 2 days cannot be landed. First: {REFUSED}"]
    assert _landed(nights) == [MONDAY]


def test_a_past_day_that_was_landed_is_built_again_without_a_request(nights: Nights, tmp_path: Path) -> None:
    assert nights.materialize("raw/ledger", "ledger", day=MONDAY).is_success
    before = nights.table("ledger")
    with serve(Options(clock=EVENING.replace(day=26), positions=2)) as tomorrow:
        later = Nights(tmp_path, tomorrow).materialize("raw/ledger", "ledger", day=MONDAY)
    assert later.is_success, later.failures
    assert (later.requests, len(nights.lake.raw.landings("ledger", MONDAY))) == (0, 1)
    assert nights.table("ledger").equals(before)


def test_a_past_day_that_was_landed_needs_no_gateway_at_all(nights: Nights, tmp_path: Path) -> None:
    assert nights.materialize("raw/ledger", day=MONDAY).is_success
    alone = Nights(tmp_path, gateway=None).materialize("raw/ledger", "ledger", day=MONDAY)
    assert alone.is_success, alone.failures
    assert len(nights.table("ledger")) > 1


def test_a_day_that_was_never_landed_needs_the_gateway_and_waits_for_it(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None)
    outcome = nights.materialize("raw/ledger", "ledger", day=MONDAY)
    assert outcome.is_success
    [waits] = outcome.parked
    assert "127.0.0.1:9" in waits.reason
    [work] = nights.lake.parked.waiting()
    assert (work.dataset, work.waits_for, work.until) == ("ledger", "Unreachable", None)
    assert nights.lake.tables.files("ledger") == []


def test_a_landing_that_was_cut_short_does_not_stand_for_the_day(nights: Nights, tmp_path: Path) -> None:
    assert nights.materialize("raw/ledger", day=MONDAY).is_success
    [path] = nights.lake.raw.landings("ledger", MONDAY)
    path.rename(path.with_name(path.name.replace(".jsonl.gz", ".open.jsonl.gz")))
    with serve(Options(clock=EVENING.replace(day=26), positions=2)) as tomorrow:
        [reason] = Nights(tmp_path, tomorrow).materialize("raw/ledger", day=MONDAY).failures
    assert f"No replies of {MONDAY} were ever landed" in reason


def test_an_account_that_the_login_does_not_see_is_a_mistake_in_the_settings(nights: Nights) -> None:
    nights.scope = {"accounts": ["U1234567"]}
    [reason] = nights.materialize("raw/ledger", day=MONDAY).failures
    assert reason.startswith("IBKR_ACCOUNTS names U…4567, and the login sees U…0001 only.")


def test_work_whose_request_met_a_broken_limit_knows_the_end_of_the_penalty(tmp_path: Path) -> None:
    rules = parse_rules([{"path": "*/ledger", "times": 1, "faults": ["throttled"]}])
    with serve(Options(clock=EVENING, positions=2, faults=rules)) as running:
        nights = Nights(tmp_path, running)
        assert nights.materialize("raw/ledger", "ledger", day=MONDAY).is_success
        [work] = nights.lake.parked.waiting()
    assert work.until is not None
    assert timedelta(minutes=15) <= work.until - work.parked_at < timedelta(minutes=17)


def test_what_waited_and_is_asked_for_too_late_is_lost_and_says_why(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None)
    assert nights.materialize("raw/ledger", day=MONDAY).is_success
    with serve(Options(clock=EVENING.replace(day=26), positions=2)) as tomorrow:
        [reason] = Nights(tmp_path, tomorrow).materialize("raw/ledger", day=MONDAY).failures
    [ended] = nights.lake.parked.ended()
    assert (ended.ending, ended.reason) == ("lost", reason)
    assert "the gateway tells it only on the day itself" in reason


def test_what_waited_and_is_refused_ends_with_the_refusal(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None, scope={"accounts": ["U1234567"]})
    assert nights.materialize("raw/ledger", day=MONDAY).is_success
    with serve(Options(clock=EVENING, positions=2)) as running:
        [reason] = Nights(tmp_path, running, scope=nights.scope).materialize("raw/ledger", day=MONDAY).failures
    [ended] = nights.lake.parked.ended()
    assert (ended.ending, nights.lake.parked.waiting()) == ("refused", [])
    assert reason.startswith("IBKR_ACCOUNTS names ")


def test_what_follows_from_a_parked_landing_is_parked_with_it(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None)
    names = ["positions", "symbols", "instruments", "bars_1d"]
    outcome = nights.materialize(*(f"raw/{name}" for name in names), *names, day=MONDAY)
    assert outcome.is_success, outcome.failures
    waiting = nights.lake.parked.waiting()
    assert sorted(work.dataset for work in waiting) == sorted(names)
    assert len({work.reason for work in waiting}) == 1


def test_a_landing_that_goes_on_ends_the_waiting_and_uses_what_it_has(tmp_path: Path) -> None:
    rules = parse_rules([{"path": "*/positions/1", "times": 1, "faults": ["throttled"]}])
    with serve(Options(clock=EVENING, positions=120, faults=rules)) as running:
        nights = Nights(tmp_path, running)
        assert nights.materialize("raw/positions", "positions", day=MONDAY).is_success
        running.control.advance(timedelta(minutes=16))
        assert nights.materialize("raw/positions", "positions", day=MONDAY).is_success
        asked = [one["path"] for one in running.control.requests(path="*/positions/*")]
    undisturbed = ["0", "1", "0"]  # the first page is looked at again at the end, to see that nothing moved
    assert [path[-1] for path in asked] == [*undisturbed[:2], *undisturbed[1:]], "the first page was kept"
    assert nights.lake.parked.waiting() == []
    assert [one.ending for one in nights.lake.parked.ended()] == ["landed"]
    assert len(nights.table("positions")) == 120
