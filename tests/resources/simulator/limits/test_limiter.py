from datetime import datetime, timedelta

import pytest

from resources.simulator.limits.limiter import OWN_TICKLE, Limiter, Offence, Rules
from tests.resources.simulator.conftest import EVENING

LEDGER = ("GET", "/portfolio/U9900001/ledger")
ACCOUNTS = ("GET", "/portfolio/accounts")
HISTORY = ("GET", "/iserver/marketdata/history")
TICKLE = ("POST", "/tickle")


def after(seconds: float) -> datetime:
    return EVENING + timedelta(seconds=seconds)


def boxed(rules: Rules | None = None) -> Limiter:
    """A limiter whose accounts were asked for twice within a second."""
    limiter = Limiter(rules or Rules())
    assert limiter.admit(*ACCOUNTS, after(0))
    assert not limiter.admit(*ACCOUNTS, after(1))
    return limiter


def test_ten_in_a_second_pass_and_the_eleventh_does_not() -> None:
    limiter = Limiter()
    assert [limiter.admit(*LEDGER, after(number * 0.09)) for number in range(11)] == [True] * 10 + [False]


def test_ten_a_second_evenly_pass_for_ever() -> None:
    limiter = Limiter()
    assert all(limiter.admit(*LEDGER, after(number * 0.1)) for number in range(500))


def test_all_endpoints_count_together() -> None:
    limiter = Limiter()
    paths = [f"/portfolio/U990000{number}/ledger" for number in range(11)]
    assert [limiter.admit("GET", path, after(0)) for path in paths] == [True] * 10 + [False]


def test_an_endpoint_limit_passes_again_when_its_span_is_over_and_not_sooner() -> None:
    limiter = Limiter()
    assert limiter.admit(*ACCOUNTS, after(0))
    assert limiter.admit(*ACCOUNTS, after(5))
    assert not limiter.admit(*ACCOUNTS, after(9.999))


def test_a_broken_limit_is_recorded_with_its_request_and_the_end_of_the_penalty() -> None:
    assert boxed().offences == [
        Offence("GET /portfolio/accounts: 1 in 5 s", after(1), "GET /portfolio/accounts", after(901))
    ]


@pytest.mark.parametrize("request_", [LEDGER, TICKLE, HISTORY])
def test_inside_the_box_everything_is_refused_for_fifteen_minutes(request_: tuple[str, str]) -> None:
    limiter = boxed()
    assert not limiter.admit(*request_, after(2))
    assert not limiter.admit(*request_, after(900.9))
    assert limiter.admit(*request_, after(901))
    assert limiter.refused == 3
    assert len(limiter.offences) == 1, "calls inside are no offences"


def test_the_successor_documents_have_ten_minutes() -> None:
    limiter = boxed(Rules(penalty=timedelta(minutes=10)))
    assert limiter.admit(*LEDGER, after(601))


def test_every_offence_costs_the_same() -> None:
    limiter = boxed()
    limiter.admit(*ACCOUNTS, after(1000))
    assert not limiter.admit(*ACCOUNTS, after(1001))
    assert not limiter.admit(*LEDGER, after(1001 + 899.9))
    assert limiter.admit(*LEDGER, after(1001 + 900))


def test_repeated_offences_lengthen_the_penalty_where_it_grows() -> None:
    limiter = boxed(Rules(grows=True))
    limiter.admit(*ACCOUNTS, after(1000))
    assert not limiter.admit(*ACCOUNTS, after(1001))
    assert not limiter.admit(*LEDGER, after(1001 + 1799))
    assert limiter.admit(*LEDGER, after(1001 + 1800))


def test_a_tickle_may_pass_the_box_where_a_build_lets_it() -> None:
    limiter = boxed(Rules(boxes_tickle=False))
    assert limiter.admit(*TICKLE, after(2))
    assert not limiter.admit(*LEDGER, after(2))


def test_calls_inside_the_box_can_prolong_it() -> None:
    limiter = boxed(Rules(calls_prolong=True))
    assert not limiter.admit(*LEDGER, after(800))
    assert not limiter.admit(*LEDGER, after(1600))
    assert limiter.admit(*LEDGER, after(2500))


def test_five_history_requests_run_at_once_and_a_sixth_does_not() -> None:
    limiter = Limiter()
    assert [limiter.admit(*HISTORY, after(number)) for number in range(5)] == [True] * 5
    limiter.release(*HISTORY)
    assert limiter.admit(*HISTORY, after(5)), "one was answered"
    assert not limiter.admit(*HISTORY, after(6))
    assert limiter.offences[0].limit == "GET /iserver/marketdata/history: 5 at once"


def test_asking_for_the_headers_alone_costs_as_much() -> None:
    limiter = Limiter()
    assert [limiter.admit(method, "/portfolio/accounts", after(0)) for method in ("GET", "HEAD")] == [True, False]
    limiter = Limiter()
    assert [limiter.admit("HEAD", HISTORY[1], after(number)) for number in range(6)] == [True] * 5 + [False]


def test_other_requests_do_not_occupy_the_places_of_history() -> None:
    limiter = Limiter()
    assert all(limiter.admit(*LEDGER, after(number)) for number in range(8))
    limiter.release(*LEDGER)
    assert limiter.running == 0


def test_fifty_history_requests_a_minute_are_a_choice() -> None:
    for limiter, passed in ((Limiter(), 60), (Limiter(Rules(history_a_minute=True)), 50)):
        count = 0
        for number in range(60):
            count += limiter.admit(*HISTORY, after(number * 0.5))
            limiter.release(*HISTORY)
        assert count == passed


def test_the_gateways_own_tickle_takes_one_of_the_ten() -> None:
    limiter = Limiter()
    limiter.tick(after(0))
    assert [limiter.admit(*LEDGER, after(0.5)) for _ in range(10)] == [True] * 9 + [False]


def test_the_gateways_own_tickle_can_be_the_one_too_many() -> None:
    limiter = Limiter()
    assert all(limiter.admit(*LEDGER, after(0)) for _ in range(10))
    limiter.tick(after(0.5))
    assert [offence.request for offence in limiter.offences] == [OWN_TICKLE]
    assert not limiter.admit(*LEDGER, after(10))


def test_forgiving_opens_the_box_and_keeps_the_record() -> None:
    limiter = boxed()
    limiter.forgive()
    assert limiter.admit(*ACCOUNTS, after(2))
    assert len(limiter.offences) == 1
