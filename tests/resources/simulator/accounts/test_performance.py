from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.simulator.accounts import marks
from resources.simulator.accounts.performance import PERIODS, Path, net_values, path, window_start
from resources.simulator.accounts.world import World
from tests.resources.simulator.conftest import EVENING, NOON, TODAY, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(accounts=2, positions=40)


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("1D", date(2026, 11, 24)),
        ("7D", date(2026, 11, 18)),
        ("MTD", date(2026, 11, 1)),
        ("1M", date(2026, 10, 24)),
        ("3M", date(2026, 8, 24)),
        ("6M", date(2026, 5, 24)),
        ("12M", date(2025, 11, 24)),
        ("1Y", date(2025, 11, 24)),
        ("YTD", date(2026, 1, 1)),
    ],
)
def test_a_period_starts_where_the_calendar_says(period: str, start: date) -> None:
    assert window_start(period, TODAY) == start


@pytest.mark.parametrize(
    ("end", "start"), [(date(2026, 3, 31), date(2026, 2, 28)), (date(2026, 1, 31), date(2025, 12, 31))]
)
def test_a_month_back_from_a_long_month_ends_in_a_short_one(end: date, start: date) -> None:
    assert window_start("1M", end) == start


@pytest.mark.parametrize("period", PERIODS)
def test_every_weekday_of_a_period_has_a_value_holidays_included(world: World, period: str) -> None:
    found = path(world, world.accounts[:1], period, EVENING)
    assert found.days[-1] == TODAY
    assert all(day.isoweekday() <= 5 for day in found.days)
    assert [marks.weekday_before(day) for day in found.days] == [found.before, *found.days[:-1]]
    assert len(found.values) == len(found.cumulative()) == len(found.days)


def test_today_is_missing_until_its_evening(world: World) -> None:
    assert path(world, world.accounts[:1], "7D", NOON).days[-1] == TODAY - timedelta(days=1)
    assert path(world, world.accounts[:1], "7D", EVENING).days[-1] == TODAY


def test_a_deposit_is_no_gain() -> None:
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    assert Path(days[0], date(2026, 11, 20), 100.0, days, [150.0, 150.0], [50.0, 0.0]).cumulative() == [0.0, 0.0]


def test_returns_chain_over_flows_and_months() -> None:
    days = [date(2026, 10, 30), date(2026, 11, 2)]
    made = Path(days[0], date(2026, 10, 29), 100.0, days, [110.0, 221.0], [0.0, 100.0])
    assert made.cumulative() == [0.1, 0.21]
    assert made.monthly() == {"202610": 0.1, "202611": 0.1}


def test_the_first_day_of_an_account_starts_from_its_deposit() -> None:
    made = Path(TODAY, date(2026, 11, 23), 0.0, [TODAY], [101.0], [100.0])
    assert made.cumulative() == [0.01]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 500), period=st.sampled_from(PERIODS))
def test_months_multiply_to_the_whole(seed: int, period: str) -> None:
    world = make_world(seed=seed, positions=20)
    found = path(world, world.accounts, period, EVENING)
    growth = 1.0
    for gain in found.monthly().values():
        growth *= 1 + gain
    assert growth - 1 == pytest.approx(found.cumulative()[-1], abs=1e-6)


def test_several_accounts_are_told_as_one_in_the_currency_of_the_first(world: World) -> None:
    first, second = world.accounts
    together = path(world, [first, second], "1D", EVENING)
    rate = world.rate(second.base, first.base, marks.evening(TODAY).at)
    alone = [net_values(world, account, [TODAY])[0] for account in world.accounts]
    assert together.values[-1] == pytest.approx(alone[0] + alone[1] * rate)


def test_the_past_is_not_restated(world: World) -> None:
    now = path(world, world.accounts[:1], "1M", EVENING)
    later = path(world, world.accounts[:1], "3M", EVENING + timedelta(days=20))
    known = dict(zip(later.days, later.values, strict=True))
    assert [known[day] for day in now.days] == list(now.values)
