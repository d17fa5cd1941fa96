from assets.kit.costs import costs, tags_of
from resources.envelope import Request
from resources.gateway.exchange import Tally

LEDGER = Request("GET", "/portfolio/U9900001/ledger", {})
STATUS = Request("POST", "/iserver/auth/status", {})


def _tally(requests: int, *answered: tuple[Request, str]) -> Tally:
    tally = Tally(requests=requests)
    for request, purpose in answered:
        tally.count(request, purpose=purpose)
    return tally


def test_an_answer_for_a_dataset_is_necessary_also_when_its_rule_asks_again() -> None:
    told = costs(Tally(), _tally(2, (LEDGER, "ledger"), (LEDGER, "ledger")))
    assert (told["requests"], told["fewest_requests"], told["requests_beyond_fewest"]) == (2, 2, 0)
    assert told["asked_again_by_rule"] == 1


def test_the_same_for_two_datasets_is_no_repetition() -> None:
    assert costs(Tally(), _tally(2, (LEDGER, "ledger"), (LEDGER, "cash")))["asked_again_by_rule"] == 0


def test_a_try_that_failed_is_beyond_the_fewest() -> None:
    told = costs(Tally(), _tally(3, (LEDGER, "ledger")))
    assert (told["fewest_requests"], told["requests_beyond_fewest"]) == (1, 2)


def test_of_what_a_session_asks_the_first_of_each_kind_is_necessary() -> None:
    tally = _tally(3, (STATUS, "session"), (STATUS, "session"), (LEDGER, "ledger"))
    assert costs(Tally(), tally)["requests_beyond_fewest"] == 1
    assert tags_of(tally) == {"ibkr/requests": "3", "ibkr/requests_beyond_fewest": "1"}


def test_a_landing_tells_its_own_part_and_the_run_so_far() -> None:
    before, after = _tally(1, (STATUS, "session")), _tally(2, (STATUS, "session"), (LEDGER, "ledger"))
    told = costs(before, after)
    assert (told["requests"], told["run_requests"]) == (1, 2)
