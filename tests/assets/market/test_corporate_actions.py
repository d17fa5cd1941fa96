from datetime import date, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.calendar.trading_days import trading_calendar
from tests.assets.market.vintages import Told, VintageNights

DAYS = [day.item() for day in trading_calendar("XNYS").between(date(2020, 1, 6), date(2020, 3, 31))]
ACTION = ("conid", "first_unadjusted_day", "factor", "last_adjusted_day", "agreed_bars", "compared_bars")
CLOSES = ("conid", "bar_day", "close_before", "close")


def traded(count: int = len(DAYS), *, base: float = 100.0) -> Told:
    """What was traded: prices in cents that differ from day to day."""
    return {
        day: (base + n, base + n + 2.11, base + n - 1.37, base + n + 0.53, 10_000.0 * (n + 1))
        for n, day in enumerate(DAYS[:count])
    }


def told(
    bars: Told, first: int, last: int, *, splits: dict[date, float] | None = None, now: date | None = None
) -> Told:
    """Days `first` to `last`, as the gateway tells them `now`: what came before a split is adjusted, to the cent."""
    now = now or DAYS[last]
    shown: dict[date, tuple[float, ...]] = {}
    for day in DAYS[first : last + 1]:
        factor = float(np.prod([by for split, by in (splits or {}).items() if day < split <= now]))
        *prices, volume = bars[day]
        shown[day] = (*(round(price / factor, 2) for price in prices), volume * factor)
    return shown


@pytest.fixture
def nights(tmp_path: Path) -> VintageNights:
    return VintageNights(tmp_path)


def test_equal_bars_are_nothing(nights: VintageNights) -> None:
    bars = traded()
    nights.night(DAYS[9], {7: told(bars, 0, 9)}).night(DAYS[10], {7: told(bars, 5, 10)})
    assert nights.found("corporate_actions", *ACTION) == []
    assert nights.found("bar_restatements", *CLOSES) == []


@pytest.mark.parametrize("factor", [2.0, 0.1, 1.5])
def test_a_split_is_found_on_its_night_with_its_day_its_factor_and_what_it_rests_on(
    nights: VintageNights, factor: float
) -> None:
    bars, splits = traded(), {DAYS[10]: factor}
    nights.night(DAYS[9], {7: told(bars, 0, 9), 8: told(bars, 0, 9)})
    nights.night(DAYS[10], {7: told(bars, 5, 10, splits=splits), 8: told(bars, 5, 10)})
    assert nights.found("corporate_actions", *ACTION) == [(7, DAYS[10], factor, DAYS[9], 5, 5)]
    assert nights.found("bar_restatements", *CLOSES) == []
    [row] = nights.rows("corporate_actions").to_dict("records")
    held = nights.rows("bars_1d").query("conid == 7").set_index("trading_day")
    assert row["before_raw_sha256"] == held["raw_sha256"][DAYS[9]]
    assert row["after_raw_sha256"] == held["raw_sha256"][DAYS[10]]
    assert (row["before_observed_at"], row["observed_at"]) == tuple(held["observed_at"][[DAYS[9], DAYS[10]]])
    [landing] = nights.lake.raw.landings("bars_1d", DAYS[10].isoformat())
    assert row["after_raw_file"] == landing.name


def test_bars_stay_as_they_were_observed_first_and_are_adjusted_when_they_are_read(nights: VintageNights) -> None:
    bars, splits = traded(), {DAYS[10]: 2.0}
    nights.night(DAYS[9], {7: told(bars, 0, 9)}).night(DAYS[10], {7: told(bars, 5, 10, splits=splits)})
    assert [close for (close,) in nights.found("bars_1d", "close")] == [bars[day][3] for day in DAYS[:11]]
    now, before = nights.adjusted(), nights.adjusted(DAYS[9])
    assert now["factor"].tolist() == [2.0] * 10 + [1.0]
    assert now["close"].tolist() == [bars[day][3] / 2 for day in DAYS[:10]] + [bars[DAYS[10]][3]]
    assert now["volume"].tolist() == [bars[day][4] * 2 for day in DAYS[:10]] + [bars[DAYS[10]][4]]
    assert before["close"].tolist() == [bars[day][3] for day in DAYS[:10]]


def test_a_split_is_found_once_though_later_nights_read_again_what_it_changed(nights: VintageNights) -> None:
    bars, splits = traded(), {DAYS[10]: 3.0}
    nights.night(DAYS[9], {7: told(bars, 0, 9)})
    for last in range(10, 15):
        nights.night(DAYS[last], {7: told(bars, last - 5, last, splits=splits)})
    assert [row[:3] for row in nights.found("corporate_actions", *ACTION)] == [(7, DAYS[10], 3.0)]
    assert nights.found("bar_restatements", *CLOSES) == [], "a third of a cent is rounding"


def test_bars_of_after_the_split_that_came_before_it_was_seen_date_it(nights: VintageNights) -> None:
    """A gateway that adjusts a day late: the day of the split itself is held, and stays as it is."""
    bars, splits = traded(), {DAYS[10]: 2.0}
    nights.night(DAYS[10], {7: told(bars, 0, 10)}).night(DAYS[11], {7: told(bars, 5, 11, splits=splits)})
    assert nights.found("corporate_actions", *ACTION) == [(7, DAYS[10], 2.0, DAYS[9], 5, 5)]


def test_after_a_week_missed_the_split_is_dated_by_the_first_bar_that_came_in_new_shares(
    nights: VintageNights,
) -> None:
    bars, splits = traded(), {DAYS[12]: 2.0}
    nights.night(DAYS[9], {7: told(bars, 0, 9)}).night(DAYS[15], {7: told(bars, 5, 15, splits=splits)})
    assert nights.found("corporate_actions", *ACTION) == [(7, DAYS[10], 2.0, DAYS[9], 5, 5)]
    expected = [bar[3] for bar in told(bars, 0, 15, splits=splits).values()]
    np.testing.assert_allclose(nights.adjusted()["close"], expected, rtol=0, atol=0.0051)


def test_old_bars_that_are_fetched_on_the_day_of_a_split_find_it_and_are_not_adjusted_twice(
    nights: VintageNights,
) -> None:
    """A history of older days reads some of the held ones again, at its newer end."""
    bars, splits = traded(), {DAYS[20]: 2.0}
    nights.night(DAYS[19], {7: told(bars, 10, 19)})
    nights.night(DAYS[20], {7: told(bars, 0, 14, splits=splits, now=DAYS[20])}, at=time(16, 0))
    nights.night(DAYS[20], {7: told(bars, 15, 20, splits=splits)}, at=time(23, 30), run_id="run-2")
    assert nights.found("corporate_actions", *ACTION) == [(7, DAYS[20], 2.0, DAYS[14], 5, 5)]
    expected = [bar[3] for bar in told(bars, 0, 20, splits=splits).values()]
    np.testing.assert_allclose(nights.adjusted()["close"], expected, rtol=0, atol=0.0051)


def test_a_restated_bar_is_kept_and_shown_and_overwrites_nothing(nights: VintageNights) -> None:
    bars = traded()
    again = {**told(bars, 5, 10), DAYS[7]: (107.0, 110.0, 105.63, 107.6, 81_000.0)}
    nights.night(DAYS[9], {7: told(bars, 0, 9)}).night(DAYS[10], {7: again})
    assert nights.found("corporate_actions", *ACTION) == []
    assert nights.found("bar_restatements", *CLOSES, "volume_before", "volume") == [
        (7, DAYS[7], 107.53, 107.6, 80_000.0, 81_000.0)
    ]
    assert nights.found("bars_1d", "close")[7] == (107.53,)
    now, before = nights.adjusted().iloc[7], nights.adjusted(DAYS[9]).iloc[7]
    assert (now["close"], now["is_restated"]) == (107.6, True)
    assert (before["close"], before["is_restated"]) == (107.53, False)


def test_a_bar_that_was_restated_is_not_restated_again_by_coming_as_it_is_known(nights: VintageNights) -> None:
    bars = traded()
    restated = {**bars, DAYS[7]: (107.0, 110.0, 105.63, 107.6, 81_000.0)}
    nights.night(DAYS[9], {7: told(bars, 0, 9)})
    nights.night(DAYS[10], {7: told(restated, 5, 10)}).night(DAYS[11], {7: told(restated, 6, 11)})
    nights.night(DAYS[12], {7: told(bars, 7, 12)})
    assert [close for *_, close in nights.found("bar_restatements", *CLOSES)] == [107.6, 107.53], "there, and back"
    assert nights.adjusted().iloc[7]["close"] == 107.53


def test_replies_that_the_table_took_nothing_from_are_not_compared(nights: VintageNights) -> None:
    """As of a landing that a check said no to."""
    bars = traded()
    nights.night(DAYS[9], {7: told(bars, 0, 9)})
    nights.landed(DAYS[10], {7: told(traded(base=900.0), 5, 10)}).compared(DAYS[10])
    assert nights.found("bar_restatements", *CLOSES) == []


def test_what_an_earlier_try_was_told_is_compared_once(nights: VintageNights) -> None:
    bars, splits = traded(), {DAYS[10]: 2.0}
    nights.night(DAYS[9], {7: told(bars, 0, 9)})
    for run_id in ("run-1", "run-2"):
        nights.landed(DAYS[10], {7: told(bars, 5, 10, splits=splits)}, run_id=run_id)
    nights.build_bars([DAYS[10]]).compared(DAYS[10])
    assert len(nights.found("corporate_actions", *ACTION)) == 1


def test_what_a_killed_try_found_is_known_when_its_rest_is_compared(nights: VintageNights) -> None:
    """Both are compared at once, and each read bars again that the split had changed."""
    bars, splits = traded(), {DAYS[10]: 2.0}
    nights.night(DAYS[9], {7: told(bars, 1, 9)})
    wrong = {**told(bars, 5, 10, splits=splits), DAYS[8]: (54.0, 55.06, 53.31, 54.5, 180_000.0)}
    nights.landed(DAYS[10], {7: wrong}, at=time(23, 0))
    nights.landed(DAYS[10], {7: {**told(bars, 0, 10, splits=splits), DAYS[8]: wrong[DAYS[8]]}}, run_id="run-2")
    nights.build_bars([DAYS[10]]).compared(DAYS[10])
    assert nights.found("bars_1d", "trading_day")[0] == (DAYS[0],), "something new, so the rest is compared too"
    assert nights.found("corporate_actions", *ACTION) == [(7, DAYS[10], 2.0, DAYS[9], 4, 5)]
    assert nights.found("bar_restatements", *CLOSES) == [(7, DAYS[8], 54.265, 54.5)]


def test_landed_again_for_all_days_in_order_the_findings_are_the_same(nights: VintageNights) -> None:
    bars, splits = traded(), {DAYS[10]: 2.0, DAYS[12]: 0.25}
    nights.night(DAYS[9], {7: told(bars, 0, 9)})
    for last in range(10, 15):
        nights.night(DAYS[last], {7: told(bars, last - 5, last, splits=splits)})
    before = {name: nights.rows(name).to_dict("records") for name in ("bars_1d", "corporate_actions")}
    nights.build_bars(DAYS[9:15], afresh=True)
    for day in DAYS[9:15]:
        nights.compared(day)
    assert {name: nights.rows(name).to_dict("records") for name in before} == before
    assert len(before["corporate_actions"]) == 2


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_nights_there_were_prices_are_true_now_and_as_of_each_night(data: Any) -> None:
    """Splits on any days, nights missed, older days fetched in between: the mart tells each day in its own shares."""
    bars = traded(40)
    chosen = data.draw(st.sets(st.integers(3, 39), max_size=3), label="days of splits")
    splits = {DAYS[n]: data.draw(st.sampled_from([2.0, 3.0, 1.5, 0.5, 0.1])) for n in sorted(chosen)}
    attended = sorted(data.draw(st.sets(st.integers(12, 39), min_size=2, max_size=6), label="nights"))
    first = attended[0] - data.draw(st.integers(0, 6))
    with TemporaryDirectory() as folder:
        nights, held, last = VintageNights(Path(folder)), first, None
        for n in attended:
            begins = first if last is None else max(held, last - 4)
            nights.night(DAYS[n], {7: told(bars, begins, n, splits=splits)})
            last = n
            if held > 0 and data.draw(st.booleans(), label="a history after the night"):
                older = max(0, held - 6)
                shown = told(bars, older, min(held + 4, n), splits=splits, now=DAYS[n])
                nights.night(DAYS[n], {7: shown}, at=time(23, 50), run_id="run-2")
                held = older
        for n in attended:
            rows = nights.adjusted(DAYS[n])
            expected = told(bars, held, n, splits=splits)
            assert rows["trading_day"].dt.date.tolist() == list(expected)
            known = [day for day in splits if DAYS[attended[0]] < day]
            exact = {day: price for day, price in expected.items() if not any(day < split for split in known)}
            np.testing.assert_allclose(rows["close"], [bar[3] for bar in expected.values()], rtol=0.003)
            assert rows[rows["trading_day"].dt.date.isin(exact)]["close"].tolist() == [bar[3] for bar in exact.values()]


def test_a_recorded_split_is_no_jump_and_another_halving_is(nights: VintageNights) -> None:
    bars, splits = traded(), {DAYS[10]: 4.0}
    halved = {day: (*(price / (4 if day >= DAYS[10] else 1) for price in bar[:4]), bar[4]) for day, bar in bars.items()}
    nights.night(DAYS[9], {7: told(bars, 0, 9), 8: told(halved, 0, 9)})
    shown = {
        day: bar if day >= DAYS[10] else told(bars, 5, 9, splits=splits, now=DAYS[10])[day]
        for day, bar in told(halved, 5, 10).items()
    }
    nights.night(DAYS[10], {7: shown, 8: told(halved, 5, 10)})
    [offender] = nights.verdict("no_price_jumps_by_half", day=DAYS[10]).offenders
    assert (offender["conid"], offender["trading_day"]) == ("8", str(DAYS[10]))


def test_a_night_without_any_bar_has_no_jump(nights: VintageNights) -> None:
    nights.night(DAYS[9], {})
    assert nights.verdict("no_price_jumps_by_half", day=DAYS[9]).has_passed


def test_steady_prices_are_not_listed(nights: VintageNights) -> None:
    nights.night(DAYS[9], {7: told(traded(), 0, 9)})
    assert nights.verdict("no_price_jumps_by_half", day=DAYS[9]).has_passed


@pytest.mark.parametrize(("close", "offenders"), [(107.53, 0), (107.6, 1)])
def test_a_restated_price_is_listed_and_a_volume_alone_is_not(
    nights: VintageNights, close: float, offenders: int
) -> None:
    bars = traded()
    again = {**told(bars, 5, 10), DAYS[7]: (*bars[DAYS[7]][:3], close, 81_000.0)}
    nights.night(DAYS[9], {7: told(bars, 0, 9)}).night(DAYS[10], {7: again})
    assert len(nights.found("bar_restatements", *CLOSES)) == 1
    assert nights.verdict("no_price_was_restated", day=DAYS[10]).count == offenders
