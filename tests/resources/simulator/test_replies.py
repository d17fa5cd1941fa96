"""Every reply that was ever recorded has a counterpart of the same shape.

The cases in `replies/cases/` are written by hand with invented values; each shows the keys that are always
there, those that come and go, and the kinds of their values. What no reply shows cannot be wrong, so a reply
that comes back empty where its case does not is told as well.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.resources.simulator.replies import contracts, orders, portfolio, quotes, session
from tests.resources.simulator.replies.visitor import Asking
from tests.resources.simulator.shape import derive, differences

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "replies" / "cases"
ASKED: dict[str, Asking] = {
    **session.ASKED,
    **portfolio.ASKED,
    **orders.ASKED,
    **quotes.ASKED,
    **contracts.ASKED,
}


@cache
def case(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    return content


def test_every_case_is_asked_for_and_says_what_it_shows() -> None:
    names = {path.stem for path in CASES.iterdir()}
    assert names == set(ASKED)
    assert all(case(name)["about"].endswith(".") for name in names)


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_reply_has_its_recorded_shape(name: str) -> None:
    replies = ASKED[name].replies()
    samples, keyed = case(name)["samples"], case(name)["keyed"]
    assert list(differences(derive(replies, keyed=keyed), derive(samples, keyed=keyed))) == []
    assert any(replies) or not all(samples), f"{name}: every reply is empty"
