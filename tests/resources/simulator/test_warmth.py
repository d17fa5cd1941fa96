from resources.simulator.flavour import Flavour
from resources.simulator.session import Session
from resources.simulator.warmth import HistoryState, Subscription, Subscriptions
from tests.resources.simulator.conftest import EVENING


def make_lines(**flavour: int) -> Subscriptions:
    return Subscriptions(Session(EVENING), Flavour(**flavour))  # type: ignore[arg-type]


def looks_until_ready(lines: Subscriptions, conid: int) -> int:
    for count in range(20):
        line = lines.look(conid, [])
        assert line is not None
        if line.ready:
            return count
    raise AssertionError


def test_data_arrives_with_the_second_or_third_look() -> None:
    assert {looks_until_ready(make_lines(), conid) for conid in range(60)} == {1, 2}
    assert {looks_until_ready(make_lines(snapshot_warm_up=0), conid) for conid in range(60)} == {0, 1}
    assert {looks_until_ready(make_lines(snapshot_warm_up=4), conid) for conid in range(60)} == {4, 5}


def test_what_is_computed_elsewhere_comes_one_look_later() -> None:
    line = Subscription(1, warm_up=1, looks=1)
    assert (line.ready, line.complete) == (True, False)
    line.looks += 1
    assert line.complete


def test_a_field_is_only_left_out_after_all_have_arrived() -> None:
    first, later = Subscription(8314, warm_up=1, looks=1), Subscription(8314, warm_up=1, looks=2)
    names = [str(number) for number in range(500)]
    assert not any(first.skips(name) for name in names)
    assert 0 < sum(later.skips(name) for name in names) < 60


def test_lines_are_scarce_and_can_be_given_back() -> None:
    lines = make_lines(market_data_lines=2)
    assert [lines.look(conid, []) is not None for conid in (1, 2, 3, 1)] == [True, True, False, True]
    assert lines.close(2)
    assert not lines.close(2)
    assert lines.look(3, []) is not None
    lines.close_all()
    assert not lines.lines


def test_a_line_remembers_the_fields_that_were_asked_for() -> None:
    lines = make_lines()
    lines.look(1, ["31", "84"])
    line = lines.look(1, ["86", "31"])
    assert line is not None
    assert list(line.fields) == ["31", "84", "86"]


def test_a_new_brokerage_session_has_no_lines() -> None:
    lines = make_lines()
    lines.look(1, [])
    lines.session.initialise(compete=False)
    assert not lines.lines


def test_a_new_session_has_no_charts() -> None:
    state = HistoryState(7)
    cold = next(conid for conid in range(100) if not state.warm_up(conid, 1))
    assert state.warm_up(cold, 1)
    assert not state.warm_up(cold, 2)
    assert state.warm_up(cold, 2)
