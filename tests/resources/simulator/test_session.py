from resources.simulator.session import Session
from tests.resources.simulator.conftest import EVENING


def test_a_fresh_login_is_usable_but_unprimed() -> None:
    session = Session(EVENING)
    assert session.authenticated
    assert session.bridged
    assert not session.primed


def test_a_dead_brokerage_session_is_revived_and_forgets_its_priming() -> None:
    session = Session(EVENING, brokerage=False, primed=True)
    assert not session.authenticated
    assert session.initialise(compete=False)
    assert session.authenticated
    assert not session.primed


def test_somebody_else_is_only_thrown_out_on_purpose() -> None:
    session = Session(EVENING, competing=True)
    assert not session.initialise(compete=False)
    assert session.competing
    assert session.initialise(compete=True)
    assert session.bridged


def test_a_bridge_takes_the_polls_it_was_told_to_take() -> None:
    session = Session(EVENING, brokerage=False, build_polls=2)
    session.initialise(compete=False)
    bridged = []
    for _ in range(3):
        bridged.append(session.bridged)
        session.poll()
    assert bridged == [False, False, True]


def test_logging_out_ends_everything_and_logging_in_starts_afresh_primed_by_the_gateway_itself() -> None:
    session = Session(EVENING, primed=True, portfolio_primed=True, known={1})
    session.log_out()
    assert not session.logged_in
    assert not session.bridged
    session.log_in(EVENING)
    assert session.bridged
    assert session.primed
    assert not session.portfolio_primed
    assert not session.known
