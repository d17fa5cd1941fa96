import contextlib

import pytest

from resources.gateway import errors
from resources.gateway.persistence import TRIES, persistently


def _tried(error: errors.GatewayError, *, failures: int, cold_tries: int = 1) -> tuple[int, list[float]]:
    """How often something was done that fails so often, and what was waited in between."""
    done: list[int] = []
    slept: list[float] = []

    def do() -> None:
        done.append(1)
        if len(done) <= failures:
            raise error

    with contextlib.suppress(type(error)):
        persistently(do, sleep=slept.append, cold_tries=cold_tries)
    return len(done), slept


@pytest.mark.parametrize("error", [errors.Unavailable("busy"), errors.Garbled("half")])
def test_what_may_pass_is_done_again_a_few_times_with_pauses(error: errors.GatewayError) -> None:
    assert _tried(error, failures=2)[0] == 3
    tries, slept = _tried(error, failures=99)
    assert (tries, len(slept)) == (TRIES, TRIES - 1)
    assert all(0 <= pause <= 8 for pause in slept)


@pytest.mark.parametrize(
    "error",
    [
        errors.SessionLost("no bridge"),
        errors.NotPrimed("accounts first"),
        errors.Throttled("429"),
        errors.Postponed("later"),
        errors.LoginRequired("nobody"),
        errors.Maintenance("down"),
        errors.Unreachable("down"),
        errors.Untrusted("a stranger"),
        errors.Refused("no"),
        errors.NotListed("never"),
        errors.NoData("nothing"),
    ],
)
def test_what_doing_it_again_does_not_help_is_done_once(error: errors.GatewayError) -> None:
    assert _tried(error, failures=1) == (1, [])


def test_no_data_of_a_cold_cache_is_asked_for_again() -> None:
    assert _tried(errors.NoData("cold"), failures=1, cold_tries=3)[0] == 2
