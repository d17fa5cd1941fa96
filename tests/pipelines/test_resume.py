"""The plan over parked work, by values alone: nothing is run, nothing is asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assets.kit.declare import Landing
from pipelines.definitions import declared
from pipelines.resume import RESUMES_TAG, Plan, Present, Resumption, at_risk_until, plan, selection
from resources.calendar.trading_days import trading_calendar
from resources.gateway.allowed import Tier
from resources.gateway.endpoint import Endpoint
from resources.gateway.session import State
from resources.lake.parked import Parked

CALENDAR = trading_calendar("XNYS")
FOUND = declared()
LANDINGS = {landing.name: landing for landing in FOUND.landings}
PARKABLE = [landing for landing in FOUND.landings if landing.time != "local"]
PERISHABLE = sorted(landing.name for landing in PARKABLE if landing.time == "perishable")
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DAYS = [day.item() for day in CALENDAR.between(date(2024, 6, 3), date(2026, 12, 31))]


def _work(
    dataset: str,
    *days: date,
    parked_at: datetime = EVENING,
    until: datetime | None = None,
    waits_for: str = "LoginRequired",
    run_id: str = "night",
) -> Parked:
    return Parked(dataset, days or (MONDAY,), waits_for, "Nobody is logged in. Log in.", parked_at, until, run_id)


def _present(now: datetime = EVENING, *, state: State = State.READY, here: datetime | None = None) -> Present:
    return Present(now=now, here=here or now, state=state, calendar=CALENDAR)


def _planned(*works: Parked, present: Present | None = None) -> Plan:
    return plan(works, LANDINGS, present or _present())


def _order(found: Plan) -> Iterator[Parked]:
    for resumption in found.runs:
        yield from resumption.works


def test_all_of_a_night_is_one_run_with_the_perishable_first_then_the_windowed_then_the_rest() -> None:
    found = _planned(*(_work(name) for name in sorted(LANDINGS, reverse=True) if LANDINGS[name] in PARKABLE))
    [resumption] = found.runs
    assert (resumption.first, resumption.last, found.lost) == (MONDAY, MONDAY, ())
    assert [LANDINGS[work.dataset].time for work in resumption.works] == sorted(
        (LANDINGS[name].time for name in resumption.datasets),
        key=["perishable", "windowed", "replayable"].index,
    )
    assert resumption.tags == {"dagster/partition": "2026-11-23", RESUMES_TAG: resumption.digest}


def test_what_leaves_its_window_first_goes_first_and_is_landed_as_of_today() -> None:
    older, newer = _work("performance", date(2026, 3, 2)), _work("performance", MONDAY)
    bars = _work("bars_1d", date(2026, 3, 2))
    found = _planned(bars, newer, older)
    assert [(one.first, one.last, one.works) for one in found.runs] == [
        (MONDAY, MONDAY, (older, newer)),
        (date(2026, 3, 2), date(2026, 3, 2), (bars,)),
    ]


def test_a_range_of_days_goes_on_as_a_range() -> None:
    [resumption] = _planned(_work("bars_1d", date(2026, 11, 20), MONDAY)).runs
    assert resumption.tags == {
        "dagster/asset_partition_range_start": "2026-11-20",
        "dagster/asset_partition_range_end": "2026-11-23",
        RESUMES_TAG: resumption.digest,
    }


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        ("2026-11-23", "2026-11-24 14:30"),  # overnight
        ("2026-11-20", "2026-11-23 14:30"),  # over a weekend
        ("2026-11-25", "2026-11-27 14:30"),  # over Thanksgiving
        ("2026-11-27", "2026-11-30 14:30"),  # after a half day
        ("2026-12-24", "2026-12-28 14:30"),  # half day, Christmas and a weekend
        ("2026-03-06", "2026-03-09 13:30"),  # the clocks go forward
        ("2026-10-30", "2026-11-02 14:30"),  # and back
    ],
)
@pytest.mark.parametrize("state", State)
def test_what_is_told_on_the_day_only_is_lost_from_the_next_open_on_and_not_a_second_before(
    day: str, opens: str, state: State
) -> None:
    ends = datetime.fromisoformat(f"{opens}+00:00")
    work = _work("positions", date.fromisoformat(day), parked_at=ends - timedelta(hours=15))
    assert _planned(work, present=_present(ends - SECOND, state=state)).lost == ()
    found = _planned(work, present=_present(ends, state=state))
    [(lost, reason)] = found.lost
    assert (lost, found.runs) == (work, ())
    assert reason == (
        f"the gateway tells it only on the day itself, and {day} ended when the exchange opened again at {opens} UTC. "
        f"It waited since {ends - timedelta(hours=15):%Y-%m-%d %H:%M} UTC: Nobody is logged in. Log in."
    )


def test_it_is_the_gateways_time_that_decides_what_is_lost_and_this_machines_when_a_limit_is_due() -> None:
    opens = CALENDAR.opens(TUESDAY)
    ahead = _present(opens, here=opens - timedelta(minutes=3))
    assert [work.dataset for work, _ in _planned(_work("ledger"), present=ahead).lost] == ["ledger"]
    due = _work("bars_1d", until=opens)
    assert _planned(due, present=ahead).runs == ()
    assert len(_planned(due, present=_present(opens - timedelta(minutes=3), here=opens)).runs) == 1


def test_a_window_is_lost_when_its_first_day_has_left_it() -> None:
    left = datetime(2027, 11, 23, tzinfo=ZoneInfo("America/New_York"))
    assert _planned(_work("performance"), present=_present(left - SECOND)).lost == ()
    [(_, reason)] = _planned(_work("performance"), present=_present(left)).lost
    assert reason == "the gateway tells 365 days back, and 2026-11-23 has left that window"


def test_a_dataset_that_is_no_more_is_lost_with_that_reason() -> None:
    [(_, reason)] = _planned(_work("dividends")).lost
    assert reason == "there is no dataset dividends any more"


@pytest.mark.parametrize("ahead", [-SECOND, timedelta(), SECOND])
def test_work_that_waits_for_a_limit_goes_on_when_it_is_due(ahead: timedelta) -> None:
    due = EVENING + timedelta(minutes=15)
    found = _planned(_work("performance", until=due), present=_present(due + ahead))
    assert len(found.runs) == (ahead >= timedelta())
    assert found.lost == ()


@pytest.mark.parametrize(("margin", "goes_on"), [(0.5, False), (1.0, False), (1.1, True)])
def test_what_would_have_asked_more_than_its_quote_goes_on_when_its_owner_allows_more(
    margin: float, *, goes_on: bool
) -> None:
    work = replace(_work("bars_1d", waits_for="OverQuote"), margin=1.0)
    found = _planned(work, present=replace(_present(), quote_margin=margin))
    assert (len(found.runs), found.lost) == (goes_on, ())


@pytest.mark.parametrize("state", State)
def test_only_what_the_session_serves_goes_on(state: State) -> None:
    found = _planned(*(_work(landing.name) for landing in PARKABLE), present=_present(state=state))
    going = {name for resumption in found.runs for name in resumption.datasets}
    assert going == {
        landing.name
        for landing in PARKABLE
        if all(state.serves(one.tier) for one in landing.endpoints if isinstance(one, Endpoint))
    }
    if state is State.COMPETING:
        assert {"positions", "performance", "instruments"} <= going
        assert not going & {"bars_1d"}


def test_what_is_under_way_is_neither_started_again_nor_judged() -> None:
    ledger, bars = _work("ledger"), _work("bars_1d")
    late = _present(CALENDAR.opens(TUESDAY))
    assert plan([ledger, bars], LANDINGS, late, under_way={ledger.key, bars.key}) == Plan()
    assert [work for work, _ in plan([ledger, bars], LANDINGS, late, under_way={bars.key}).lost] == [ledger]


def test_the_digest_is_of_the_work_and_of_the_run_that_parked_it_last_in_any_order() -> None:
    ledger, positions = _work("ledger"), _work("positions")
    digest = Resumption((ledger, positions), MONDAY, MONDAY).digest
    assert Resumption((positions, ledger), MONDAY, MONDAY).digest == digest
    assert Resumption((ledger,), MONDAY, MONDAY).digest != digest
    assert Resumption((ledger, _work("positions", run_id="again")), MONDAY, MONDAY).digest != digest
    assert Resumption((ledger, _work("positions", TUESDAY)), MONDAY, MONDAY).digest != digest


def _selected(*names: str, landed: set[str]) -> set[str]:
    chosen = [LANDINGS[name] for name in names]
    keys = selection(chosen, FOUND.tables, FOUND.checks, has_landed=lambda landing: landing.name in landed)
    return {key.to_user_string() for key in keys}


def test_a_selection_is_the_landings_and_the_tables_of_their_replies() -> None:
    assert _selected("performance", "accounts", landed=set(LANDINGS)) == {
        *("raw/performance", "raw/accounts", "nav", "cumulative_returns", "period_returns", "accounts"),
    }


def test_a_table_with_a_check_that_had_to_wait_for_these_is_built_again_and_so_checked() -> None:
    assert _selected("ledger", landed={"allocation", "performance"}) == {"raw/ledger", "ledger", "allocation", "nav"}


def test_a_table_that_was_not_landed_either_is_left_alone() -> None:
    assert _selected("ledger", landed={"performance"}) == {"raw/ledger", "ledger", "nav"}


_NOWS = st.datetimes(datetime(2025, 1, 2), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def _situations(draw: st.DrawFn) -> tuple[list[Parked], Present]:
    now = draw(_NOWS)
    here = now + draw(st.sampled_from([timedelta(), MINUTE, -MINUTE]))
    works: dict[str, Parked] = {}
    names = [landing.name for landing in PARKABLE] + ["dividends"]
    for dataset in draw(st.lists(st.sampled_from(names), max_size=12)):
        landing: Landing | None = LANDINGS.get(dataset)
        place = draw(st.integers(0, len(DAYS) - 1))
        length = draw(st.integers(1, 5)) if landing is not None and landing.is_ranged else 1
        days = tuple(DAYS[place : place + length])
        assume(CALENDAR.opens(days[0]) <= now)
        until = draw(st.none() | st.sampled_from([here, here - MINUTE, here + SECOND, here + timedelta(minutes=15)]))
        work = _work(dataset, *days, parked_at=CALENDAR.close(days[0]), until=until)
        works[work.key] = work
    return list(works.values()), _present(now, state=draw(st.sampled_from(State)), here=here)


@given(_situations())
def test_nothing_vanishes_and_nothing_is_both_lost_and_run(situation: tuple[list[Parked], Present]) -> None:
    works, present = situation
    found = plan(works, LANDINGS, present)
    going, lost = [work.key for work in _order(found)], [work.key for work, _ in found.lost]
    assert len(going + lost) == len(set(going + lost))
    for work in works:
        waits_on = work.key not in going + lost
        if not waits_on:
            continue
        is_due = work.until is None or work.until <= present.here
        assert not is_due or not all(
            present.state.serves(one.tier) for one in LANDINGS[work.dataset].endpoints if isinstance(one, Endpoint)
        ), work


@given(_situations())
def test_what_goes_on_is_in_time_due_and_served(situation: tuple[list[Parked], Present]) -> None:
    works, present = situation
    for resumption in plan(works, LANDINGS, present).runs:
        for work in resumption.works:
            landing = LANDINGS[work.dataset]
            assert work.until is None or work.until <= present.here
            assert present.state.serves(Tier.LOGIN)
            days = (present.today, present.today) if landing.time == "windowed" else (work.days[0], work.days[-1])
            assert (resumption.first, resumption.last) == days
            if landing.time == "perishable":
                assert resumption.first == present.today


@given(_situations())
def test_lost_is_what_the_gateway_cannot_tell_any_more_and_nothing_else(
    situation: tuple[list[Parked], Present],
) -> None:
    works, present = situation
    lost = {work.key for work, _ in plan(works, LANDINGS, present).lost}
    for work in works:
        landing = LANDINGS.get(work.dataset)
        until = None if landing is None else at_risk_until(work, landing, CALENDAR)
        assert (work.key in lost) == (landing is None or (until is not None and until <= present.now))
        if landing is not None and landing.time == "perishable":
            assert (work.key in lost) == (present.today > work.days[-1])


@given(_situations())
def test_runs_start_with_what_is_lost_soonest(situation: tuple[list[Parked], Present]) -> None:
    works, present = situation
    ranks = []
    for resumption in plan(works, LANDINGS, present).runs:
        urgent = [
            (["perishable", "windowed", "replayable"].index(LANDINGS[work.dataset].time), work)
            for work in resumption.works
        ]
        assert [rank for rank, _ in urgent] == sorted(rank for rank, _ in urgent)
        windowed = [work.days[0] for rank, work in urgent if rank == 1]
        assert windowed == sorted(windowed)
        ranks.append(urgent[0][0])
    assert ranks == sorted(ranks)
