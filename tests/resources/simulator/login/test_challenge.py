from datetime import timedelta

import pytest

from resources.simulator.login.challenge import Challenges, is_code
from tests.resources.simulator.conftest import EVENING


def test_a_question_is_open_until_it_is_answered_or_three_minutes_old() -> None:
    challenges = Challenges()
    first, second = challenges.ask(EVENING), challenges.ask(EVENING)
    challenges.close(first)
    assert not challenges.is_open(first, EVENING)
    assert challenges.is_open(second, EVENING + timedelta(minutes=2, seconds=59))
    assert not challenges.is_open(second, EVENING + timedelta(minutes=3))
    assert not challenges.is_open(99, EVENING)


@pytest.mark.parametrize(
    ("text", "right"),
    [("123456", True), ("123 456", True), ("12345", False), ("1234567", False), ("12a456", False), ("", False)],
)
def test_a_code_has_six_digits(text: str, right: bool) -> None:
    assert is_code(text) is right
