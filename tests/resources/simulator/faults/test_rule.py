from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.faults.fault import Request
from resources.simulator.faults.rule import Rule, dice

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def rule(**given: Any) -> Rule:
    return Rule.model_validate({"faults": ["failing"], **given})


def asked(path: str = "/tickle", method: str = "GET", at: datetime = NOON, **query: str) -> Request:
    return Request(method, path, tuple(query.items()), at)


@pytest.mark.parametrize(
    ("given", "request_", "matched"),
    [
        ({}, asked(), True),
        ({"path": "/portfolio/*/positions/*"}, asked("/portfolio/U1/positions/3"), True),
        ({"path": "/portfolio/*/positions/*"}, asked("/portfolio/U1/ledger"), False),
        ({"method": "POST"}, asked(), False),
        ({"method": "POST"}, asked(method="POST"), True),
        ({"query": {"bar": "1d"}}, asked(bar="1d", conid="1"), True),
        ({"query": {"bar": "1d"}}, asked(bar="1h"), False),
        ({"query": {"conid": "26*"}}, asked(conid="265598"), True),
        ({"query": {"conid": "*"}}, asked(), False),
    ],
)
def test_it_is_about_requests_of_a_path_method_and_query(given: Any, request_: Request, matched: bool) -> None:
    assert rule(**given).matches(request_) is matched


@pytest.mark.parametrize(
    ("given", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"skip": 5}, [6, 7]),
        ({"every": 3}, [1, 4, 7]),
        ({"skip": 1, "every": 2}, [2, 4, 6]),
    ],
)
def test_it_strikes_certain_occurrences(given: Any, struck: list[int]) -> None:
    assert [n for n in range(1, 8) if rule(**given).takes(n, 0.0)] == struck


@given(st.floats(0.05, 0.95))
def test_chance_strikes_about_as_often_as_it_says(probability: float) -> None:
    chosen = rule(probability=probability)
    struck = sum(chosen.takes(n, dice(7, 1, n)) for n in range(1, 2001))
    assert struck / 2000 == pytest.approx(probability, abs=0.05)


@pytest.mark.parametrize(
    ("since", "until", "on"),
    [
        (None, None, True),
        ("12:00", "12:01", True),
        ("12:01", None, False),
        (None, "12:00", False),
        ("23:00", "13:00", True),
        ("23:00", "11:00", False),
        ("2026-11-24T12:00", "2026-11-24T12:00:01", True),
        ("2026-11-24T17:00:01Z", None, False),
        (None, datetime(2026, 11, 24, 17, 0, tzinfo=UTC), False),
        ("2026-11-24T09:00", "11:00", False),
    ],
)
def test_it_stands_between_instants_or_hours_of_new_york(since: Any, until: Any, on: bool) -> None:
    assert rule(since=since, until=until).is_on(NOON) is on


def test_a_rule_survives_being_written_and_read() -> None:
    made = rule(since="23:55", until="2026-11-24T12:00", faults=["reset", {"fault": "slow", "seconds": 3}])
    assert Rule.model_validate(made.written()) == made
