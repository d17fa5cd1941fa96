"""Which replies of earlier tries answer still."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.declare import Landing
from assets.kit.kept import CLOCK_SLACK, FRESH, kept_replies, still_tells
from pipelines.definitions import declared
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope, Request
from resources.lake.layout import Layout
from resources.lake.raw import RawStore

CALENDAR = trading_calendar("XNYS")
LANDINGS = {landing.name: landing for landing in declared().landings}
POSITIONS, PERFORMANCE = LANDINGS["positions"], LANDINGS["performance"]
DAY = "2026-11-23"
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def raw(tmp_path: Path) -> RawStore:
    return RawStore(Layout(tmp_path / "p"))


def _reply(page: int = 0, *, at: datetime = EVENING, status: int = 200, body: bytes = b"[1]") -> Envelope:
    return Envelope(Request("GET", f"/portfolio/U9900001/positions/{page}", {}), status, {}, body, at, "try")


def _try(
    raw: RawStore, *replies: Envelope, ends_well: bool = False, dataset: str = "positions", partition: str = DAY
) -> None:
    """A landing that was killed after some replies, or one that ended well."""
    landing = raw.landing(dataset, partition, at=replies[0].received_at, run_id="try")
    with pytest.raises(KeyboardInterrupt) if not ends_well else landing, landing:
        for reply in replies:
            landing.append(reply)
        if not ends_well:
            raise KeyboardInterrupt


def _kept(raw: RawStore, *, now: datetime = EVENING + HOUR, landing: Landing = POSITIONS) -> list[Envelope]:
    return kept_replies(landing, DAY, raw, now=now, calendar=CALENDAR)


def test_the_good_replies_of_a_try_that_was_killed_are_kept_in_the_order_of_receipt(raw: RawStore) -> None:
    _try(raw, _reply(0), _reply(1, at=EVENING + SECOND), _reply(2, at=EVENING + 2 * SECOND, status=500))
    assert [one.request.path[-1] for one in _kept(raw)] == ["0", "1"]


def test_a_reply_that_is_an_error_inside_200_is_not_kept(raw: RawStore) -> None:
    _try(raw, _reply(0, body=b'{"error":"unknown"}'), _reply(1, body=b"[1"))
    assert _kept(raw) == []


def test_several_tries_are_put_together(raw: RawStore) -> None:
    _try(raw, _reply(0))
    _try(raw, _reply(1, at=EVENING + MINUTE))
    assert [one.request.path[-1] for one in _kept(raw)] == ["0", "1"]


def test_a_copy_in_a_later_try_is_not_counted_twice(raw: RawStore) -> None:
    """The second try was answered by the first one's reply, wrote it down, and was killed too."""
    _try(raw, _reply(0))
    _try(raw, _reply(0), _reply(1, at=EVENING + MINUTE))
    _try(raw, _reply(0), _reply(1, at=EVENING + MINUTE))
    assert [one.request.path[-1] for one in _kept(raw)] == ["0", "1"]


def test_what_was_asked_twice_on_purpose_is_kept_twice(raw: RawStore) -> None:
    _try(raw, _reply(0), _reply(0, at=EVENING + SECOND))
    _try(raw, _reply(0))
    assert [one.received_at for one in _kept(raw)] == [EVENING, EVENING + SECOND]


def test_nothing_is_kept_from_before_a_landing_that_ended_well(raw: RawStore) -> None:
    _try(raw, _reply(0))
    _try(raw, _reply(0, at=EVENING + MINUTE), _reply(1, at=EVENING + MINUTE), ends_well=True)
    assert _kept(raw) == []
    _try(raw, _reply(1, at=EVENING + 2 * MINUTE))
    assert [one.received_at for one in _kept(raw)] == [EVENING + 2 * MINUTE]


@pytest.mark.parametrize(
    ("later", "has_end", "is_kept"),
    [
        (timedelta(days=1), True, True),
        (timedelta(days=6), True, True),
        (timedelta(days=7), True, False),
        (-2 * MINUTE, True, False),
        (timedelta(days=1), False, False),
        (HOUR, False, True),
    ],
)
def test_a_window_of_the_past_is_kept_over_the_midnight_that_ends_a_login_and_the_newest_bars_are_not(
    raw: RawStore, later: timedelta, *, has_end: bool, is_kept: bool
) -> None:
    query = {"conid": "1", "period": "42d"} | ({"startTime": "20261001-12:00:00"} if has_end else {})
    asked = Request("GET", "/iserver/marketdata/history", query)
    _try(raw, Envelope(asked, 200, {}, b'{"data":[]}', EVENING, "try"), dataset="bars_1d")
    assert len(_kept(raw, now=EVENING + later, landing=LANDINGS["bars_1d"])) == is_kept


def _window(number: int, *, at: datetime) -> Envelope:
    query = {"conid": str(number), "period": "42d", "startTime": "20261001-12:00:00"}
    return Envelope(Request("GET", "/iserver/marketdata/history", query), 200, {}, b'{"data":[]}', at, "try")


@pytest.mark.parametrize(
    ("tries", "kept"),
    [
        ([("2026-09-30", HOUR, False)], [0]),
        ([("2026-09-30", HOUR, False), ("2026-08-31", MINUTE, False)], [0, 1]),
        ([("2026-09-30", timedelta(days=8), False)], []),
        ([("2026-09-30", HOUR, True)], []),
        ([("2026-09-30", HOUR, False), ("2026-09-30", MINUTE, True)], []),
        ([("2026-09-30", HOUR, False), (DAY, MINUTE, True)], []),
        ([("2026-09-30", MINUTE, False), (DAY, HOUR, True)], [0]),
    ],
)
def test_of_ranges_those_count_too_that_end_with_another_day_unless_one_ended_well_since(
    raw: RawStore, tries: list[tuple[str, timedelta, bool]], kept: list[int]
) -> None:
    for number, (partition, before, ends_well) in enumerate(tries):
        window = _window(number, at=EVENING - before)
        _try(raw, window, ends_well=ends_well, dataset="bars_1d", partition=partition)
    found = _kept(raw, now=EVENING, landing=LANDINGS["bars_1d"])
    assert [int(one.request.query["conid"]) for one in found] == kept


def test_other_days_and_datasets_tell_nothing(raw: RawStore) -> None:
    _try(raw, _reply(0), dataset="ledger")
    assert _kept(raw) == []
    assert kept_replies(POSITIONS, "2026-11-24", raw, now=EVENING, calendar=CALENDAR) == []


def test_replies_from_before_the_close_are_asked_anew_in_the_evening(raw: RawStore) -> None:
    before = CALENDAR.close(date(2026, 11, 23)) - MINUTE
    _try(raw, _reply(0, at=before), _reply(1, at=CALENDAR.close(date(2026, 11, 23))))
    assert [one.request.path[-1] for one in _kept(raw)] == ["1"]


@pytest.mark.parametrize(("left", "times"), [(SECOND, 1), (timedelta(), 0)])
def test_what_may_be_asked_every_quarter_of_an_hour_is_used_again_of_a_whole_landing_too(
    raw: RawStore, left: timedelta, times: int
) -> None:
    endpoint = PERFORMANCE.slow_endpoints[0]
    assert endpoint.limit is not None
    age = timedelta(seconds=endpoint.limit.gap) - left
    asked = endpoint.request(body={"acctIds": ["U9900001"], "period": "1Y"})
    replies = [Envelope(asked, 200, {}, b'{"nav":{}}', EVENING + number * SECOND, "try") for number in (-1, 0)]
    _try(raw, *replies, ends_well=True, dataset="performance")
    found = _kept(raw, now=EVENING + age, landing=PERFORMANCE)
    assert [one.received_at for one in found] == [EVENING] * times, "the latest answers once"


_INSTANTS = st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 20), timezones=st.just(UTC))  # noqa: DTZ001
_AGES = st.timedeltas(timedelta(), timedelta(days=6)) | st.timedeltas(timedelta(), 2 * FRESH)


@given(_INSTANTS, _AGES)
def test_a_reply_tells_still_while_its_trading_day_lasts_and_it_is_fresh_or_from_after_the_close(
    received_at: datetime, age: timedelta
) -> None:
    now = received_at + age
    day = CALENDAR.day_of(received_at)
    same_day = CALENDAR.opens(day) <= received_at <= now < CALENDAR.opens(CALENDAR.next(day))
    expected = same_day and (age < FRESH or received_at.replace(microsecond=0) >= CALENDAR.close(day))
    assert still_tells(received_at, now=now, calendar=CALENDAR) == expected


@given(_INSTANTS, st.timedeltas(SECOND / 1000, 10 * CLOCK_SLACK))
def test_a_reply_of_the_future_tells_nothing_beyond_what_clocks_differ(now: datetime, ahead: timedelta) -> None:
    is_same_day = CALENDAR.day_of(now + ahead) == CALENDAR.day_of(now)
    assert still_tells(now + ahead, now=now, calendar=CALENDAR) == (is_same_day and ahead < CLOCK_SLACK)
