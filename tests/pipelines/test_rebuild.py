from datetime import date

from pipelines.rebuild import Part, parts
from resources.calendar.trading_days import trading_calendar

CALENDAR = trading_calendar("XNYS")
THURSDAY, FRIDAY, MONDAY, TUESDAY = (date(2024, 11, day) for day in (21, 22, 25, 26))


def test_days_that_follow_each_other_are_one_run_over_a_weekend_too() -> None:
    assert parts({"ledger": [TUESDAY, FRIDAY, MONDAY]}, CALENDAR) == [Part(("ledger",), FRIDAY, TUESDAY)]


def test_a_day_between_that_is_not_wanted_is_not_built() -> None:
    assert parts({"ledger": [THURSDAY, MONDAY]}, CALENDAR) == [
        Part(("ledger",), THURSDAY, THURSDAY),
        Part(("ledger",), MONDAY, MONDAY),
    ]


def test_tables_of_the_same_days_are_built_together_and_of_other_days_apart() -> None:
    wanted = {"positions": [FRIDAY, MONDAY], "ledger": [MONDAY, TUESDAY]}
    assert parts(wanted, CALENDAR) == [
        Part(("positions",), FRIDAY, FRIDAY),
        Part(("ledger", "positions"), MONDAY, MONDAY),
        Part(("ledger",), TUESDAY, TUESDAY),
    ]


def test_nothing_is_no_run() -> None:
    assert parts({}, CALENDAR) == []
