from typing import Any

import pytest

from resources.gateway.errors import Garbled
from resources.gateway.session import Step, read_status


@pytest.mark.parametrize(
    ("reply", "step"),
    [
        ({"authenticated": True, "connected": True, "competing": False, "established": True}, Step.GO),
        ({"authenticated": True, "connected": True, "competing": False}, Step.GO),  # builds before 2025
        ({"authenticated": True, "connected": True, "competing": False, "established": False}, Step.WAIT),
        ({"authenticated": False, "connected": True, "competing": False}, Step.INITIALISE),
        ({"authenticated": False, "connected": False, "competing": False}, Step.INITIALISE),
        ({"authenticated": False, "connected": True, "competing": True}, Step.COMPETING),
        ({"authenticated": False, "competing": False, "MAC": "02:00:00:00:00:01"}, Step.INITIALISE),
        ({"passed": True, "authenticated": True, "connected": True, "competing": False}, Step.GO),
    ],
)
def test_each_status_has_its_next_step(reply: dict[str, Any], step: Step) -> None:
    assert read_status(reply).next_step is step


@pytest.mark.parametrize("reply", [None, [], {}, {"wait": True}, {"authenticated": "yes"}])
def test_what_is_no_status_is_said_to_be_none(reply: Any) -> None:
    with pytest.raises(Garbled, match="Is this a gateway"):
        read_status(reply)
