from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from assets.kit.bars.coverage import Asked
from assets.kit.bars.replies import asked_since, told_by
from resources.calendar.periods import periods_of
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope, Request
from resources.lake.layout import Layout
from resources.lake.raw import RawStore

NYSE = trading_calendar("XNYS")
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
WEEK = [date(2026, 11, day) for day in (16, 17, 18, 19, 20, 23)]


def _bar(day: date, hour: int = 14, minute: int = 30) -> dict[str, Any]:
    return {"t": int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp() * 1000)}


def _envelope(
    bars: list[dict[str, Any]], *, at: datetime = EVENING, status: int = 200, length: int = 86_400, **query: str
) -> Envelope:
    asked = {"conid": "265598", "period": "8d", "bar": "1d", **query}
    body: Any = {"barLength": length, "data": bars} if status == 200 else {"error": "No data."}
    request = Request("GET", "/iserver/marketdata/history", asked)
    return Envelope(request, status, {}, orjson.dumps(body), at, "run")


def _told(envelope: Envelope) -> tuple[date, date, list[date]] | None:
    asked = told_by(envelope, "file", NYSE)
    return None if asked is None else (asked.first, asked.last, asked.got.tolist())


def test_a_reply_tells_of_its_window_up_to_the_last_close() -> None:
    bars = [_bar(day) for day in WEEK]
    assert _told(_envelope(bars)) == (WEEK[0], WEEK[-1], WEEK)
    noon = EVENING.replace(hour=17)
    assert _told(_envelope(bars, at=noon)) == (WEEK[0], WEEK[-2], WEEK)
    assert _told(_envelope(bars[:4], startTime="20261120-12:00:00")) == (date(2026, 11, 12), WEEK[3], WEEK[:4])


@pytest.mark.parametrize(("minute", "last"), [(59, date(2026, 11, 20)), (60, date(2026, 11, 23))])
def test_of_currencies_it_tells_up_to_five_o_clock_in_new_york(minute: int, last: date) -> None:
    bars = [_bar(date(2026, 11, 19), 22, 15), _bar(date(2026, 11, 22), 22, 15)]
    at = EVENING.replace(hour=21 + minute // 60, minute=minute % 60)
    asked = told_by(_envelope(bars, at=at), "file", trading_calendar("24/5"))
    assert asked is not None
    assert (asked.last, asked.got.tolist()) == (last, [date(2026, 11, 20), date(2026, 11, 23)])


def test_fewer_bars_than_were_asked_for_tell_that_nothing_lies_before_the_first() -> None:
    assert _told(_envelope([_bar(day) for day in WEEK[3:]])) == (WEEK[0], WEEK[-1], WEEK[3:])


def test_a_reply_at_the_ceiling_tells_nothing_of_what_lies_before_its_first_bar() -> None:
    sessions = NYSE.between(date(2020, 1, 1), WEEK[-1])[-999:]
    told = _told(_envelope([_bar(day) for day in sessions.tolist()], period="1000d"))
    assert told is not None
    assert told[0] == sessions[0].item()


def test_a_refusal_for_lack_of_data_tells_that_none_of_its_days_has_a_bar() -> None:
    assert _told(_envelope([], status=500)) == (WEEK[0], WEEK[-1], [])


@pytest.mark.parametrize(
    "envelope",
    [
        _envelope([], status=429),
        _envelope([_bar(day) for day in WEEK], length=60),
        _envelope([_bar(day) for day in WEEK], startTime="20261118-12:00:00"),
        _envelope([{"t": None}]),
        _envelope([], bar="1d?"),
        _envelope([], period="30min"),
    ],
    ids=[
        "refused for its pace",
        "of another size",
        "of another window",
        "without a time",
        "no size",
        "less than a day",
    ],
)
def test_what_the_table_would_reject_is_no_evidence(envelope: Envelope) -> None:
    assert _told(envelope) is None


def test_bars_within_a_day_tell_of_its_session() -> None:
    bars = [_bar(day, hour) for day in WEEK[2:4] for hour in (14, 15, 20)]
    envelope = _envelope(bars, length=3600, bar="1h", period="4d", startTime="20261120-21:00:00")
    assert _told(envelope) == (WEEK[2], WEEK[4], WEEK[2:4])


@pytest.mark.parametrize(
    ("weeks", "query", "told"),
    [
        ([2, 9, 16, 23], {"period": "4w"}, (date(2026, 11, 2), date(2026, 11, 16), [2, 9, 16])),  # it is Monday
        ([4, 9, 16], {"period": "4w"}, (date(2026, 11, 9), date(2026, 11, 16), [9, 16])),  # the first is cut
        ([4, 16], {"period": "9w"}, (date(2026, 10, 12), date(2026, 11, 16), [2, 16])),  # a life began there
        ([2, 9], {"period": "4w", "startTime": "20261110-12:00:00"}, (date(2026, 11, 2), date(2026, 11, 2), [2])),
        ([], {"period": "6w", "startTime": "20261110-12:00:00"}, (date(2026, 10, 19), date(2026, 11, 2), [])),
        ([16], {"period": "3w", "startTime": "20261117-12:00:00"}, None),
    ],
)
def test_bars_of_weeks_tell_of_those_that_they_are_whole_of(
    weeks: list[int], query: dict[str, Any], told: tuple[date, date, list[int]] | None
) -> None:
    bars = [_bar(date(2026, 11, day), 0, 0) for day in weeks]
    envelope = _envelope(bars, status=200 if bars else 500, length=604_800, bar="1w", **query)
    asked = told_by(envelope, "file", periods_of("XNYS", "w"))
    found = None if asked is None else (asked.first, asked.last, [day.day for day in asked.got.tolist()])
    assert found == told


def _landed(raw: RawStore, at: datetime, *envelopes: Envelope) -> None:
    with raw.landing("bars_1d", at.date().isoformat(), at=at, run_id=f"run-{at:%H%M}") as landing:
        for envelope in envelopes:
            landing.append(envelope)


@pytest.fixture
def raw(tmp_path: Any) -> RawStore:
    return RawStore(Layout(tmp_path))


def _since(raw: RawStore, since: datetime | None = None) -> list[Asked]:
    return [asked for _, asked in asked_since(raw, "bars_1d", since, lambda _: NYSE)]


def test_a_question_that_was_answered_twice_in_a_second_was_asked_twice(raw: RawStore) -> None:
    envelope = _envelope([_bar(WEEK[0])])
    _landed(raw, EVENING, envelope, envelope)
    assert len(_since(raw)) == 2


def test_a_reply_that_a_later_try_took_over_counts_once(raw: RawStore) -> None:
    envelope, own = _envelope([_bar(WEEK[0])]), _envelope([_bar(WEEK[1])])
    _landed(raw, EVENING, envelope)
    _landed(raw, EVENING.replace(minute=40), envelope, own)
    assert [one.got.tolist() for one in _since(raw)] == [[WEEK[0]], [WEEK[1]]]


def test_refusals_of_one_landing_are_one_asking_since_a_cold_gateway_refuses_three_times(raw: RawStore) -> None:
    refused = _envelope([], status=500)
    _landed(raw, EVENING, refused, refused, refused)
    _landed(raw, EVENING.replace(minute=40), refused)
    assert len(_since(raw)) == 2


def test_only_later_replies_are_read_and_of_contracts_that_are_known(raw: RawStore) -> None:
    later = EVENING.replace(minute=45)
    _landed(raw, EVENING, _envelope([_bar(WEEK[0])]), _envelope([_bar(WEEK[1])], at=later))
    [asked] = _since(raw, EVENING)
    np.testing.assert_array_equal(asked.got, np.array([WEEK[1]], dtype="M8[D]"))
    assert _since(raw, later) == []
    assert list(asked_since(raw, "bars_1d", None, lambda _: None)) == []
