"""What shrank waits for a decision: what stood stays, and built again from raw it is the same."""

import shutil
from pathlib import Path

import pytest

from assets.kit.scope import Scope
from tests.assets.shrunk import FRIDAY, MONDAY, TUESDAY, Shrunk

pytestmark = pytest.mark.slow


@pytest.fixture
def shrunk(tmp_path: Path) -> Shrunk:
    return Shrunk(tmp_path)


@pytest.fixture
def held(shrunk: Shrunk) -> Shrunk:
    """A night on which the replies were cut short."""
    shrunk.landed(FRIDAY, U1234567=30).built(FRIDAY)
    shrunk.landed(MONDAY, U1234567=4).built(MONDAY)
    return shrunk


def test_a_first_night_has_nothing_to_be_compared_with(shrunk: Shrunk) -> None:
    assert shrunk.landed(MONDAY, U1=0).built(MONDAY).held is None
    assert shrunk.standing(MONDAY) == 0


@pytest.mark.parametrize("now", [15, 30, 90])
def test_a_night_like_any_other_replaces_nothing_that_it_should_not(shrunk: Shrunk, now: int) -> None:
    shrunk.landed(FRIDAY, U1=30).built(FRIDAY)
    assert shrunk.landed(MONDAY, U1=now).built(MONDAY).held is None
    assert (shrunk.standing(FRIDAY), shrunk.standing(MONDAY)) == (30, now)


def test_a_day_that_shrank_gets_no_partition_and_its_rows_lie_aside(held: Shrunk) -> None:
    assert held.standing(MONDAY) is None
    path = held.lake.layout.held_file("positions", "trading_day", MONDAY.isoformat())
    assert len(held.lake.tables.read([path])) == 4
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_line_says_what_shrank_from_what_to_what_and_what_to_do(held: Shrunk) -> None:
    assert held.waiting(MONDAY).reason == (
        "positions of 2024-11-25 is held back: 4 rows, where 2024-11-22 had 30. What stood stays. "
        "If it is so: `make accept DATASET=positions DAY=2024-11-25`. "
        "If not: `make nightly` lands it again, while it can be had."
    )


def test_rows_that_were_rejected_are_named_as_a_reason(shrunk: Shrunk) -> None:
    shrunk.landed(FRIDAY, U1=30).built(FRIDAY)
    built = shrunk.landed(MONDAY, unreadable=26, U1=30).built(MONDAY)
    assert built.held is not None
    assert "4 rows, where 2024-11-22 had 30" in built.held
    assert ". 26 rows were rejected. What stood stays." in built.held
    assert len(shrunk.lake.tables.read(shrunk.lake.tables.rejected_files("positions"))) == 26


def test_a_few_rows_that_are_rejected_fail_the_rows_and_not_the_night(shrunk: Shrunk) -> None:
    shrunk.landed(FRIDAY, U1=30).built(FRIDAY)
    assert shrunk.landed(MONDAY, unreadable=3, U1=30).built(MONDAY).held is None
    assert shrunk.standing(MONDAY) == 27


def test_a_landing_before_of_the_same_day_stands_on(held: Shrunk) -> None:
    assert held.landed(MONDAY, U1234567=28).built(MONDAY).held is None
    assert held.lake.held_back.waiting() == []
    assert "where the landing before had 28" in str(held.landed(MONDAY, U1234567=5).built(MONDAY).held)
    assert held.standing(MONDAY) == 28


def test_what_the_owner_accepts_is_built_and_says_so(held: Shrunk) -> None:
    held.accept(MONDAY)
    built = held.built(MONDAY)
    assert built.held is None
    assert built.accepted == "4 rows, where 2024-11-22 had 30: accepted at 2024-11-27 01:02 UTC"
    assert held.standing(MONDAY) == 4
    assert held.lake.held_back.waiting() == []


def test_a_decision_is_of_one_landing(held: Shrunk) -> None:
    held.landed(MONDAY, U1234567=30).built(MONDAY)
    held.landed(MONDAY, U1234567=6).built(MONDAY)
    held.accept(MONDAY)
    assert held.built(MONDAY).held is None
    held.landed(MONDAY, U1234567=29).built(MONDAY)
    assert held.landed(MONDAY, U1234567=1).built(MONDAY).held is not None


def test_the_next_day_is_compared_with_what_stands(held: Shrunk) -> None:
    assert held.landed(TUESDAY, U1234567=4).built(TUESDAY).held is not None, "still nobody said that it is so"
    held.accept(MONDAY)
    held.built(MONDAY)
    assert held.built(TUESDAY).held is None
    assert (held.standing(MONDAY), held.standing(TUESDAY)) == (4, 4)


def test_built_again_from_raw_and_the_decisions_alone_it_is_the_same(held: Shrunk) -> None:
    held.accept(MONDAY)
    held.built(MONDAY)
    held.landed(TUESDAY, U1234567=12).built(TUESDAY)
    held.landed(TUESDAY, U1234567=2).built(TUESDAY)
    before = [held.standing(day) for day in (FRIDAY, MONDAY, TUESDAY)], held.lake.held_back.waiting()
    for folder in ("tables", "rejected", "held_back"):
        shutil.rmtree(held.lake.layout.folder / folder, ignore_errors=True)
    for day in (FRIDAY, MONDAY, TUESDAY):
        held.built(day)
    assert ([held.standing(day) for day in (FRIDAY, MONDAY, TUESDAY)], held.lake.held_back.waiting()) == before
    assert before[0] == [30, 4, 12]


def test_a_day_that_stands_already_is_no_replacement(shrunk: Shrunk) -> None:
    shrunk.landed(FRIDAY, U1=30)
    shrunk.landed(MONDAY, U1=4).built(MONDAY)
    shrunk.built(FRIDAY)
    assert shrunk.built(MONDAY).held is None, "it was built, and published, when the day before was not known"
    assert shrunk.standing(MONDAY) == 4


def test_a_small_account_may_be_emptied_and_a_closed_one_is_not_asked_for(shrunk: Shrunk) -> None:
    shrunk.landed(FRIDAY, U1=30, U2=3, U3=25).built(FRIDAY)
    assert shrunk.landed(MONDAY, U1=30, U2=0).built(MONDAY).held is None
    assert shrunk.standing(MONDAY) == 30


def test_an_account_whose_many_positions_are_all_gone_waits(shrunk: Shrunk) -> None:
    shrunk.landed(FRIDAY, U1=90, U2=20).built(FRIDAY)
    assert "account U2 has no rows" in str(shrunk.landed(MONDAY, U1=90, U2=0).built(MONDAY).held)


def test_accounts_that_are_not_kept_any_more_are_not_missed(shrunk: Shrunk) -> None:
    shrunk.landed(FRIDAY, U1=30, U2=100).built(FRIDAY)
    shrunk.scope = Scope(accounts=["U1"])
    assert shrunk.landed(MONDAY, U1=30).built(MONDAY).held is None


@pytest.mark.parametrize(
    "chosen", [Scope(hold_back_share=0), Scope(hold_back_shares={"positions": 0.1}), Scope(hold_back_least_rows=31)]
)
def test_the_owner_chooses_what_is_sudden(shrunk: Shrunk, chosen: Scope) -> None:
    shrunk.scope = chosen
    shrunk.landed(FRIDAY, U1=30).built(FRIDAY)
    assert shrunk.landed(MONDAY, U1=4).built(MONDAY).held is None
