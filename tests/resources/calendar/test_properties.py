"""What holds of every instant, on exchanges that change their clocks on different days, or never."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from exchange_calendars import get_calendar
from hypothesis import assume, given
from hypothesis import strategies as st

from resources.calendar.trading_days import CalendarError, TradingCalendar, trading_calendar

pytestmark = pytest.mark.slow

ZONES = {
    "XNYS": "America/New_York",
    "XLON": "Europe/London",
    "XETR": "Europe/Berlin",
    "XTKS": "Asia/Tokyo",
    "XHKG": "Asia/Hong_Kong",
    "CMES": "America/Chicago",
}
CHANGES = {  # days on which clocks go forward and back; Tokyo and Hong Kong do not
    "XNYS": [
        date(2025, 3, 9),
        date(2025, 11, 2),
        date(2026, 3, 8),
        date(2026, 11, 1),
        date(2006, 4, 2),
        date(2006, 10, 29),
    ],
    "XLON": [date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)],
    "XETR": [date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)],
    "CMES": [date(2025, 3, 9), date(2025, 11, 2), date(2026, 3, 8), date(2026, 11, 1)],
}
HOLIDAYS = [
    ("XNYS", "2026-11-26", "2026-11-25"),  # Thanksgiving
    ("XNYS", "2026-07-03", "2026-07-02"),  # the Fourth, on the Friday before
    ("XNYS", "2026-04-03", "2026-04-02"),  # Good Friday
    ("XNYS", "2001-09-12", "2001-09-10"),  # nobody had planned it
    ("XNYS", "2012-10-30", "2012-10-26"),
    ("XLON", "2025-12-26", "2025-12-24"),
    ("XLON", "2026-04-06", "2026-04-02"),
    ("XETR", "2025-12-31", "2025-12-30"),
    ("XTKS", "2026-05-05", "2026-05-01"),  # Golden Week
    ("XTKS", "2026-01-02", "2025-12-30"),
    ("XHKG", "2026-02-18", "2026-02-16"),  # Lunar New Year
    ("CMES", "2025-12-25", "2025-12-24"),
]
HALF_DAYS = [
    ("XNYS", date(2026, 11, 27), time(13, 0)),
    ("XNYS", date(2026, 12, 24), time(13, 0)),
    ("XNYS", date(2025, 7, 3), time(13, 0)),
    ("XLON", date(2025, 12, 24), time(12, 30)),
    ("XLON", date(2025, 12, 31), time(12, 30)),
    ("XETR", date(2025, 12, 30), time(14, 0)),
    ("XHKG", date(2026, 2, 16), time(12, 0)),
    ("CMES", date(2026, 11, 27), time(12, 0)),
]
CALENDARS = st.sampled_from(sorted(ZONES)).map(trading_calendar)
BEGIN, END = datetime(2000, 1, 12, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ZONE_NAMES = st.sampled_from(["UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns", *ZONES.values()])
ANY_ZONE = st.one_of(OFFSETS, ZONE_NAMES.map(ZoneInfo))


@st.composite
def instants(draw: st.DrawFn, calendar: TradingCalendar) -> datetime:
    """Anywhere, or within two days of a change of clocks, or within seconds of an open or a close."""
    anywhere = st.datetimes(BEGIN.replace(tzinfo=None), END.replace(tzinfo=None), timezones=st.just(UTC))
    kind = draw(st.sampled_from(["anywhere", "change", "edge"]))
    if kind == "change" and calendar.name in CHANGES:
        day = draw(st.sampled_from(CHANGES[calendar.name]))
        minutes = draw(st.integers(-2 * 1440, 3 * 1440))
        return datetime.combine(day, time(), UTC) + timedelta(minutes=minutes)
    instant = draw(anywhere)
    if kind == "edge":
        day = calendar.day_of(instant)
        edge = draw(st.sampled_from([calendar.opens(day), calendar.close(day), calendar.opens(calendar.next(day))]))
        return edge + timedelta(microseconds=draw(st.integers(-2_000_000, 2_000_000)))
    return instant


WHENEVER = CALENDARS.flatmap(lambda calendar: st.tuples(st.just(calendar), instants(calendar)))


@given(WHENEVER)
def test_every_instant_belongs_to_exactly_one_day(when: tuple[TradingCalendar, datetime]) -> None:
    calendar, instant = when
    around = calendar.between((instant - timedelta(days=15)).date(), (instant + timedelta(days=15)).date())
    days = [one.item() for one in around]
    owners = [day for day in days if calendar.opens(day) <= instant < calendar.opens(calendar.next(day))]
    assert owners == [calendar.day_of(instant)]


@given(WHENEVER, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_time_that_passes_never_leads_back(when: tuple[TradingCalendar, datetime], passed: timedelta) -> None:
    calendar, instant = when
    assert calendar.day_of(instant) <= calendar.day_of(instant + passed)
    assert calendar.latest_closed(instant) <= calendar.latest_closed(instant + passed)


@given(WHENEVER)
def test_a_day_owns_its_own_open_and_close_and_the_instant_before_is_not_its(
    when: tuple[TradingCalendar, datetime],
) -> None:
    calendar, instant = when
    day = calendar.day_of(instant)
    moment = timedelta(microseconds=1)
    assert calendar.opens(day) < calendar.close(day)
    pauses = calendar.close(day) < calendar.opens(
        calendar.next(day)
    )  # the CME's week is without a gap, for this library
    assert pauses or calendar.name == "CMES"
    assert calendar.day_of(calendar.opens(day)) == calendar.day_of(calendar.close(day) - moment) == day
    assert calendar.day_of(calendar.close(day)) == (day if pauses else calendar.next(day))
    assert calendar.day_of(calendar.opens(day) - moment) == calendar.previous(day)
    assert calendar.latest_closed(calendar.close(day)) == day
    assert calendar.latest_closed(calendar.close(day) - moment) == calendar.previous(day)


@given(WHENEVER)
def test_the_latest_closed_day_is_the_day_itself_or_the_one_before(when: tuple[TradingCalendar, datetime]) -> None:
    calendar, instant = when
    day = calendar.day_of(instant)
    has_closed = instant >= calendar.close(day)
    assert calendar.latest_closed(instant) == (day if has_closed else calendar.previous(day))


@given(WHENEVER, ANY_ZONE)
def test_the_zone_an_instant_is_written_in_changes_nothing(
    when: tuple[TradingCalendar, datetime], zone: ZoneInfo | timezone
) -> None:
    calendar, instant = when
    assert calendar.day_of(instant.astimezone(zone)) == calendar.day_of(instant)
    assert calendar.latest_closed(instant.astimezone(zone)) == calendar.latest_closed(instant)


@given(WHENEVER)
def test_an_instant_without_a_zone_is_none(when: tuple[TradingCalendar, datetime]) -> None:
    calendar, instant = when
    for ask in (calendar.day_of, calendar.latest_closed):
        with pytest.raises(CalendarError, match="names no zone"):
            ask(instant.replace(tzinfo=None))


@given(WHENEVER)
def test_neighbours_are_each_others_neighbours_and_nothing_lies_between(
    when: tuple[TradingCalendar, datetime],
) -> None:
    calendar, instant = when
    day = calendar.day_of(instant)
    assert day in calendar
    assert calendar.previous(calendar.next(day)) == day == calendar.next(calendar.previous(day))
    assert [one.item() for one in calendar.between(day, calendar.next(day))] == [day, calendar.next(day)]
    assert calendar.close(day) <= calendar.opens(calendar.next(day))


@given(st.sampled_from(["XNYS", "XLON", "XETR", "XTKS", "XHKG"]), st.dates(BEGIN.date(), END.date()), ANY_ZONE)
def test_a_weekend_belongs_to_the_friday_or_the_last_day_before(
    name: str, day: date, zone: ZoneInfo | timezone
) -> None:
    calendar = trading_calendar(name)
    saturday = day + timedelta(days=(5 - day.weekday()) % 7)
    friday = saturday - timedelta(days=1)
    last = friday if friday in calendar else calendar.between(friday - timedelta(days=14), friday)[-1].item()
    for hours in (0, 11, 24, 47):
        at = datetime.combine(saturday, time(0, 30), ZoneInfo(ZONES[name])) + timedelta(hours=hours)
        assert calendar.day_of(at.astimezone(zone)) == calendar.latest_closed(at) == last


@given(st.dates(BEGIN.date(), END.date()))
def test_at_the_cme_sunday_evening_is_monday_and_saturday_is_friday(day: date) -> None:
    calendar, chicago = trading_calendar("CMES"), ZoneInfo("America/Chicago")
    sunday = day + timedelta(days=(6 - day.weekday()) % 7)
    monday, friday = sunday + timedelta(days=1), sunday - timedelta(days=2)
    assume(monday in calendar)
    assume(friday in calendar)
    assert calendar.day_of(datetime.combine(sunday, time(16, 59), chicago)) == friday
    assert calendar.day_of(datetime.combine(sunday, time(17, 0), chicago)) == monday
    assert calendar.day_of(datetime.combine(sunday - timedelta(days=1), time(12), chicago)) == friday


@pytest.mark.parametrize("name", sorted(set(ZONES) - {"CMES"}))
def test_the_open_keeps_its_hour_on_the_exchanges_wall_through_every_change_of_clocks(name: str) -> None:
    calendar, zone = trading_calendar(name), ZoneInfo(ZONES[name])
    hours = {"XNYS": time(9, 30), "XLON": time(8), "XETR": time(9), "XTKS": time(9), "XHKG": time(9, 30)}
    opens = [
        calendar.opens(one.item()).astimezone(zone).time()
        for one in calendar.between(date(2024, 1, 1), date(2026, 12, 31))
    ]
    assert len(opens) > 700
    assert set(opens) == {hours[name]}


@pytest.mark.parametrize(("name", "changes"), CHANGES.items())
def test_the_days_of_the_change_are_days_on_which_clocks_change(name: str, changes: list[date]) -> None:
    zone = ZoneInfo(ZONES[name])
    for day in changes:
        before, after = (datetime.combine(day + timedelta(days=step), time(), zone).utcoffset() for step in (0, 1))
        assert before != after


@pytest.mark.parametrize(("name", "changes"), CHANGES.items())
def test_a_change_of_clocks_moves_the_open_by_an_hour_of_utc_and_the_day_with_it(
    name: str, changes: list[date]
) -> None:
    calendar = trading_calendar(name)
    for change in changes:
        before = calendar.day_of(datetime.combine(change, time(3), UTC))
        after = calendar.next(before)
        hours = {(one.hour, one.minute) for one in (calendar.opens(before), calendar.opens(after))}
        assert len(hours) == 2, (before, after)
        for day in (before, after):
            assert calendar.day_of(calendar.opens(day)) == day
            assert calendar.day_of(calendar.opens(day) - timedelta(seconds=1)) == calendar.previous(day)


@pytest.mark.parametrize(("name", "holiday", "day"), HOLIDAYS)
def test_a_holiday_belongs_to_the_day_before_it(name: str, holiday: str, day: str) -> None:
    calendar, closed = trading_calendar(name), date.fromisoformat(holiday)
    assert closed not in calendar
    noon = datetime.combine(closed, time(12), ZoneInfo(ZONES[name]))
    assert calendar.day_of(noon) == calendar.latest_closed(noon) == date.fromisoformat(day)
    with pytest.raises(CalendarError, match="is not a trading day"):
        calendar.opens(closed)


@pytest.mark.parametrize(("name", "day", "close"), HALF_DAYS)
def test_the_afternoon_of_a_half_day_comes_after_the_close(name: str, day: date, close: time) -> None:
    calendar, zone = trading_calendar(name), ZoneInfo(ZONES[name])
    at = datetime.combine(day, close, zone)
    assert calendar.close(day) == at
    assert calendar.latest_closed(at - timedelta(seconds=1)) == calendar.previous(day)
    for later in (timedelta(0), timedelta(minutes=30), timedelta(hours=2)):
        assert calendar.latest_closed(at + later) == calendar.day_of(at + later) == day


@pytest.mark.parametrize(("name", "year"), [("XTKS", 1997), ("XSHG", 1990), ("XNYS", 1990)])
def test_a_calendar_that_is_known_from_a_later_day_on_only_is_used_from_there(name: str, year: int) -> None:
    days = trading_calendar(name).between(date(1980, 1, 1), date(2000, 1, 1))
    assert days[0].item().year == year


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library builds on a habit of pandas 2
@pytest.mark.parametrize("name", sorted(ZONES))
def test_days_opens_and_closes_are_those_of_the_library_one_by_one(name: str) -> None:
    calendar, kept = trading_calendar(name), get_calendar(name, start="2020-01-01")
    for day in kept.sessions[-600:-1]:
        assert calendar.opens(day.date()) == kept.session_open(day)
        assert calendar.close(day.date()) == kept.session_close(day)
