from datetime import UTC, datetime
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.faults.fault import Exchange, Fault, Reply, Request, told
from resources.simulator.faults.transmission import Malformed, Reset, Skewed, Slow, Truncated

ASKED = Request("GET", "/portfolio/accounts", at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
GOOD = told(200, [{"conid": 265598, "name": "A"}])

INTEGERS = st.integers(-(2**63), 2**63 - 1)


def spoil(fault: Fault, reply: Reply = GOOD) -> Reply:
    return fault.strike(Exchange(ASKED, reply))


def test_a_reset_keeps_the_reply_and_says_how_much_of_it_arrives() -> None:
    assert spoil(Reset(sent=0.25)).sent == 0.25
    assert spoil(Reset()).body == GOOD.body


def test_delays_add_up() -> None:
    twice = spoil(Slow(seconds=1.5), spoil(Slow(seconds=2, waits=False)))
    assert (twice.seconds, twice.waits, twice.headers["x-response-time"]) == (3.5, True, "3500ms")


def test_a_truncated_body_is_its_beginning() -> None:
    assert spoil(Truncated(kept=0.5)).body == GOOD.body[: len(GOOD.body) // 2]


@pytest.mark.parametrize("how", get_args(Malformed.model_fields["how"].annotation))
@given(value=st.one_of(st.lists(INTEGERS), st.dictionaries(st.text(), INTEGERS), st.none(), INTEGERS))
def test_malformed_is_never_json(how: str, value: object) -> None:
    body = spoil(Malformed.model_validate({"how": how}), told(200, value)).body
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)


def test_a_skewed_date_is_off_by_the_seconds() -> None:
    assert spoil(Skewed(seconds=-5400)).headers["date"] == "Tue, 24 Nov 2026 22:00:00 GMT"
