from typing import Any

from resources.simulator.faults.fault import Reply, Request
from resources.simulator.faults.faults import Faults
from resources.simulator.faults.rule import Rule

LEDGER = Request("GET", "/portfolio/U9900001/ledger")


def page(number: int) -> Request:
    return Request("GET", f"/portfolio/U9900001/positions/{number}")


def faults(*rules: dict[str, Any], seed: int = 7) -> Faults:
    made = Faults(seed)
    made.add(Rule.model_validate(each) for each in rules)
    return made


def names(active: Faults, request: Request) -> list[str]:
    return [strike.fault.fault for strike in active.meet(request)]


def test_rules_and_their_faults_apply_in_order() -> None:
    active = faults({"faults": ["slow", "truncated"]}, {"faults": ["skewed"]})
    assert names(active, LEDGER) == ["slow", "truncated", "skewed"]


def test_a_rule_is_spent_after_so_many_times() -> None:
    active = faults({"faults": ["failing"], "times": 2})
    assert [names(active, LEDGER) for _ in range(3)] == [["failing"], ["failing"], []]
    assert (active.standing[0].met.total(), active.standing[0].struck.total()) == (3, 2)


def test_each_request_may_be_counted_apart() -> None:
    active = faults({"faults": ["failing"], "times": 1, "per_request": True})
    assert [names(active, page(number)) for number in (0, 0, 1, 1)] == [["failing"], [], ["failing"], []]


def test_the_same_seed_rules_and_requests_give_the_same_faults() -> None:
    def struck(seed: int) -> list[Any]:
        active = faults({"faults": ["failing"], "probability": 0.3}, {"faults": ["missing_fields"]}, seed=seed)
        return [(s.fault.fault, s.request.draw) for _ in range(50) for s in active.meet(LEDGER)]

    assert struck(7) == struck(7) != struck(8)


def test_other_requests_in_between_change_nothing_for_a_rule() -> None:
    rule = {"faults": ["failing"], "probability": 0.3, "path": "*/ledger"}
    alone, disturbed = faults(rule), faults(rule)
    for _ in range(50):
        disturbed.meet(page(0))
        assert names(alone, LEDGER) == names(disturbed, LEDGER)


def test_the_first_reply_is_kept_per_request() -> None:
    active = faults({"faults": ["stale"]})
    [first], [second], [other] = active.meet(page(0)), active.meet(page(0)), active.meet(page(1))
    assert first.remember(Reply(body=b"1")).body == b"1"
    assert second.remember(Reply(body=b"2")).body == b"1"
    assert other.remember(Reply(body=b"3")).body == b"3"


def test_rules_are_taken_out_by_name_or_number() -> None:
    active = faults({"name": "a", "faults": ["slow"]}, {"faults": ["failing"]})
    assert not active.remove("b")
    assert active.remove("a")
    assert names(active, LEDGER) == ["failing"]
    assert active.remove("2")
    assert names(active, LEDGER) == []


def test_rules_that_are_set_anew_count_anew() -> None:
    rule = Rule.model_validate({"faults": ["failing"], "times": 1})
    active = Faults()
    for _ in range(2):
        active.replace([rule])
        assert [names(active, LEDGER), names(active, LEDGER)] == [["failing"], []]
