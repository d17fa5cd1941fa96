"""The record of parked work, over whatever sequences processes may write."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.lake.layout import Layout
from resources.lake.parked import Ended, Ending, Parked, ParkedStore

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
TIME_OF_END = NOW + timedelta(hours=2)


def _work(dataset: str = "ledger", *days: date, at: datetime = NOW, run_id: str = "one") -> Parked:
    return Parked(
        dataset, days or (MONDAY,), "Throttled", f"429 at {at:%H:%M}.", at, at + timedelta(minutes=15), run_id
    )


@pytest.fixture
def store(tmp_path: Path) -> ParkedStore:
    return ParkedStore(Layout(tmp_path / "p"))


def test_nothing_waits_where_nothing_was_parked(store: ParkedStore) -> None:
    assert (store.waiting(), store.ended()) == ([], [])


def test_a_piece_of_work_is_read_back_as_it_was_parked(store: ParkedStore) -> None:
    works = [_work(), Parked("bars_1d", (MONDAY, TUESDAY), "LoginRequired", "Log in.", NOW, None, "")]
    works.append(Parked("bars_1h", (MONDAY,), "OverQuote", "Look at it.", NOW, None, "", margin=1.5))
    for work in works:
        store.park(work)
    assert store.waiting() == works


def test_parked_again_it_waits_since_the_first_time_for_the_latest_reason(store: ParkedStore) -> None:
    later = _work(at=NOW + timedelta(hours=1), run_id="two")
    for work in (_work(), _work("positions"), later):
        store.park(work)
    [ledger, positions] = store.waiting()
    assert (ledger.parked_at, ledger.reason, ledger.until, ledger.run_id) == (NOW, later.reason, later.until, "two")
    assert positions == _work("positions")


@pytest.mark.parametrize("ending", ["landed", "lost", "refused"])
def test_what_ended_waits_no_more_and_says_how_and_when(store: ParkedStore, ending: Ending) -> None:
    store.park(_work())
    store.park(_work("positions"))
    store.end(_work(), ending, "why", at=TIME_OF_END)
    assert [work.dataset for work in store.waiting()] == ["positions"]
    assert store.ended() == [Ended(_work(), ending, "why", TIME_OF_END)]


def test_work_parked_anew_after_its_end_is_another_piece_of_work(store: ParkedStore) -> None:
    store.park(_work())
    store.end(_work(), "lost", "too late", at=TIME_OF_END)
    again = _work(at=NOW + timedelta(hours=20))
    store.park(again)
    assert store.waiting() == [again]
    assert [one.ending for one in store.ended()] == ["lost"]


def test_the_first_of_two_endings_counts(store: ParkedStore) -> None:
    """Two processes may find out at once that it is too late."""
    store.park(_work())
    store.end(_work(), "landed", "by run two", at=TIME_OF_END)
    store.end(_work(), "lost", "too late", at=TIME_OF_END)
    assert [one.ending for one in store.ended()] == ["landed"]


@pytest.mark.parametrize(
    ("days", "left"),
    [((MONDAY,), [(MONDAY, TUESDAY)]), ((MONDAY, TUESDAY), []), ((TUESDAY,), [(MONDAY,), (MONDAY, TUESDAY)])],
)
def test_settling_some_days_ends_the_work_that_is_of_them_alone(
    store: ParkedStore, days: tuple[date, ...], left: list[tuple[date, ...]]
) -> None:
    for work in (_work("bars_1d"), _work("bars_1d", MONDAY, TUESDAY), _work("ledger")):
        store.park(work)
    store.settle("bars_1d", days, "landed", "by run two", at=TIME_OF_END)
    assert [work.days for work in store.waiting() if work.dataset == "bars_1d"] == left
    assert [work.dataset for work in store.waiting() if work.dataset == "ledger"] == ["ledger"]


def test_a_record_that_a_power_cut_left_half_written_costs_nothing_else(store: ParkedStore) -> None:
    store.park(_work())
    [path] = store.layout.parked_folder.iterdir()
    whole = path.read_bytes()
    store.park(_work("positions"))
    path.write_bytes(whole + whole[: len(whole) // 2])
    store.park(_work("allocation"))
    assert [work.dataset for work in store.waiting()] == ["ledger", "allocation"]


def test_only_the_owner_can_read_the_record(store: ParkedStore) -> None:
    store.park(_work())
    [path] = store.layout.parked_folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["park", "landed", "lost", "refused", "settle"]),
        st.sampled_from(["ledger", "positions"]),
        st.sampled_from([(MONDAY,), (TUESDAY,), (MONDAY, TUESDAY)]),
    ),
    max_size=12,
)


@given(_STEPS, st.randoms(use_true_random=False))
def test_any_sequence_leaves_each_piece_waiting_or_ended_once_per_parking(
    steps: list[tuple[str, str, tuple[date, ...]]], dice: object
) -> None:
    """Against a plain dictionary; time does not always go forward, since clocks of processes disagree."""
    waiting: dict[str, Parked] = {}
    ended: list[tuple[str, str]] = []
    with TemporaryDirectory() as folder:
        store = ParkedStore(Layout(Path(folder)))
        for place, (step, dataset, days) in enumerate(steps):
            at = NOW + timedelta(minutes=dice.randrange(-90, 90))  # type: ignore[attr-defined]
            work = _work(dataset, *days, at=at, run_id=str(place))
            if step == "park":
                store.park(work)
                first = waiting[work.key].parked_at if work.key in waiting else at
                waiting[work.key] = Parked(dataset, days, work.waits_for, work.reason, first, work.until, work.run_id)
            elif step == "settle":
                store.settle(dataset, days, "landed", "settled", at=at)
                for key in [one.key for one in waiting.values() if one.dataset == dataset and {*one.days} <= {*days}]:
                    ended.append((waiting.pop(key).key, "landed"))
            else:
                store.end(work, step, "why", at=at)  # type: ignore[arg-type]
                if work.key in waiting:
                    ended.append((waiting.pop(work.key).key, step))
        assert store.waiting() == list(waiting.values())
        assert [(one.work.key, one.ending) for one in store.ended()] == ended
