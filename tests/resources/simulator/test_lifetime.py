from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.lifetime import Lifetime, Maintenance, Region, own_ticks

INSTANTS = st.integers(0, 4 * 365 * 86_400).map(
    lambda second: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)
REGIONS = st.sampled_from(Region)


@pytest.mark.parametrize(
    ("region", "login", "ends"),
    [
        (Region.NEW_YORK, datetime(2026, 11, 24, 23, 30, tzinfo=UTC), datetime(2026, 11, 25, 5, tzinfo=UTC)),
        (Region.NEW_YORK, datetime(2026, 7, 1, 3, 59, tzinfo=UTC), datetime(2026, 7, 1, 4, tzinfo=UTC)),
        (Region.ZUG, datetime(2026, 11, 24, 22, 59, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC)),
        (Region.ZUG, datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC)),
        (Region.HONG_KONG, datetime(2026, 11, 24, 16, 1, tzinfo=UTC), datetime(2026, 11, 25, 16, tzinfo=UTC)),
    ],
)
def test_a_login_ends_at_the_midnight_of_its_region(region: Region, login: datetime, ends: datetime) -> None:
    assert Lifetime(region).login_ends(login) == ends


def test_on_the_day_of_25_hours_a_login_ends_after_24() -> None:
    login = datetime(2026, 11, 1, 4, 1, tzinfo=UTC)  # a minute after midnight in New York
    assert Lifetime().login_ends(login) == login + timedelta(hours=24)


def test_the_cut_may_be_at_one_as_the_successor_documents_say() -> None:
    login = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert Lifetime(cut=time(1)).login_ends(login) == datetime(2026, 11, 25, 6, tzinfo=UTC)


@given(login=INSTANTS, region=REGIONS)
def test_every_login_ends_within_a_day_and_never_beyond_its_own_date(login: datetime, region: Region) -> None:
    ends = Lifetime(region).login_ends(login)
    zone = ZoneInfo(region.value)
    assert timedelta(0) < ends - login <= timedelta(hours=24)
    assert (ends - timedelta(seconds=1)).astimezone(zone).date() == login.astimezone(zone).date()


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (datetime(2026, 11, 25, 4, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 25, 5, 0, tzinfo=UTC), Maintenance.RESET),
        (datetime(2026, 11, 25, 5, 4, 59, tzinfo=UTC), Maintenance.RESET),
        (datetime(2026, 11, 25, 5, 5, tzinfo=UTC), None),
        (datetime(2026, 11, 29, 0, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 29, 1, 0, tzinfo=UTC), Maintenance.WEEKEND),  # Saturday, 20:00
        (datetime(2026, 11, 29, 4, 59, tzinfo=UTC), Maintenance.WEEKEND),
        (datetime(2026, 11, 29, 5, 1, tzinfo=UTC), Maintenance.RESET),
        (datetime(2026, 11, 28, 1, 0, tzinfo=UTC), None),  # Friday, 20:00
    ],
)
def test_the_service_is_down_after_each_midnight_and_on_saturday_evening(
    now: datetime, found: Maintenance | None
) -> None:
    assert Lifetime().maintenance(now) is found


@given(since=INSTANTS, minutes=st.integers(0, 3000), region=REGIONS)
def test_maintenance_in_between_is_noticed_whenever_one_looks(since: datetime, minutes: int, region: Region) -> None:
    lifetime = Lifetime(region)
    steps = (lifetime.maintenance(since + timedelta(minutes=minute)) for minute in range(minutes + 1))
    assert lifetime.was_maintained(since, since + timedelta(minutes=minutes)) == any(steps)


def test_the_gateway_tickles_every_thirty_seconds_after_the_login() -> None:
    login = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

    def ticks(since: float, now: float) -> list[float]:
        at = (login + timedelta(seconds=since), login + timedelta(seconds=now))
        return [(one - login).total_seconds() for one in own_ticks(login, *at)]

    assert ticks(0, 29.9) == []
    assert ticks(0, 30) == [30]
    assert ticks(30, 59) == []
    assert ticks(29, 61) == [30, 60]
    assert ticks(1, 3600) == [30, 3600], "the first and the last"
    assert ticks(-100, 10) == []
