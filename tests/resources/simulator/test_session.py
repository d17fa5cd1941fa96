from datetime import datetime, timedelta
from typing import Any

from resources.simulator.lifetime import Lifetime, Maintenance
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


def test_a_new_brokerage_session_has_searched_nothing_and_opened_no_history_service() -> None:
    session = Session(EVENING, searched={265598}, hmds=True)
    session.initialise(compete=False)
    assert not session.searched
    assert not session.hmds


def test_a_logout_forgets_searches_and_the_history_service() -> None:
    session = Session(EVENING, searched={265598}, hmds=True)
    session.log_out()
    assert not session.searched
    assert not session.hmds


def later(**step: float) -> datetime:
    return EVENING + timedelta(**step)


def lived(**state: Any) -> Session:
    return Session(EVENING, lifetime=Lifetime(), primed=True, **state)


def test_without_a_lifetime_a_session_lasts_for_ever() -> None:
    session = Session(EVENING)
    session.pass_to(later(days=30))
    assert session.bridged


def test_a_brokerage_session_ends_after_five_and_a_half_minutes_without_a_request() -> None:
    session = lived()
    session.pass_to(later(minutes=5))
    session.pass_to(later(minutes=10.5))
    assert session.bridged
    session.pass_to(later(minutes=16, seconds=1))
    assert (session.logged_in, session.authenticated, session.primed) == (True, False, False)
    assert session.ended == "no request for too long"


def test_a_session_that_was_there_from_the_start_waits_for_its_first_request() -> None:
    session = lived()
    session.pass_to(later(minutes=20))
    assert session.bridged
    session.pass_to(later(minutes=26))
    assert not session.bridged


def test_a_login_that_nobody_uses_is_idle_like_any_other() -> None:
    session = Session(EVENING, logged_in=False, lifetime=Lifetime())
    session.log_in(EVENING)
    session.pass_to(later(minutes=6))
    assert (session.logged_in, session.bridged) == (True, False)


def test_a_gateway_that_ticks_itself_stays_up_until_midnight() -> None:
    session = lived(ticks_itself=True)
    session.pass_to(later(hours=5))
    assert session.bridged
    session.pass_to(later(hours=5.5))
    assert not session.logged_in
    assert session.ended == "midnight of the region"


def test_a_gateway_that_ticks_itself_logs_out_when_it_finds_no_brokerage_session() -> None:
    session = lived(ticks_itself=True)
    session.lose("a test")
    session.pass_to(later(seconds=29))
    assert session.logged_in
    session.pass_to(later(seconds=31))
    assert not session.logged_in


def test_midnight_ends_the_login_however_late_it_was_made() -> None:
    session = lived()
    session.log_in(later(hours=5, minutes=29))
    session.pass_to(later(hours=5, minutes=30))
    assert not session.logged_in
    session.log_in(later(hours=5, minutes=36))
    session.pass_to(later(hours=5, minutes=37))
    assert session.bridged


def test_days_that_were_jumped_over_end_the_login_too() -> None:
    session = lived()
    session.pass_to(later(days=3))
    assert not session.logged_in


def test_the_weekends_maintenance_costs_the_brokerage_session_and_leaves_the_login() -> None:
    saturday = EVENING + timedelta(days=4)  # 18:30
    session = Session(saturday, lifetime=Lifetime(idle=timedelta(days=1)))
    session.pass_to(saturday + timedelta(hours=1))
    assert session.bridged
    session.pass_to(saturday + timedelta(hours=2))
    assert session.maintenance is Maintenance.WEEKEND
    assert session.logged_in
    assert not session.authenticated
    assert not session.attempt()


def test_a_bridge_takes_the_seconds_it_was_told_to_take() -> None:
    session = Session(EVENING, brokerage=False, build_seconds=5)
    session.initialise(compete=False)
    session.pass_to(later(seconds=4.9))
    assert (session.authenticated, session.bridged) == (True, False)
    session.pass_to(later(seconds=5))
    assert session.bridged


def test_a_lost_link_is_revived_by_an_init() -> None:
    session = Session(EVENING, connected=False)
    assert not session.authenticated
    assert session.initialise(compete=True)
    assert session.bridged


def test_the_gateway_tries_five_times_by_itself_after_a_login() -> None:
    for failures, works in ((4, True), (5, False)):
        session = Session(EVENING, logged_in=False, init_failures=failures)
        session.log_in(EVENING)
        assert session.logged_in
        assert (session.bridged, session.primed) == (works, works)


def test_a_login_whose_bridge_takes_a_while_is_not_primed_by_the_gateway() -> None:
    session = Session(EVENING, logged_in=False, build_seconds=3)
    session.log_in(EVENING)
    assert not session.primed


def test_more_than_twenty_inits_a_minute_are_too_many_until_it_gets_quiet() -> None:
    session = Session(EVENING)
    hammered = []
    for number in range(25):
        session.pass_to(later(seconds=number))
        session.attempt()
        hammered.append(session.hammered)
    assert hammered == [False] * 20 + [True] * 5
    session.pass_to(later(seconds=24 + 60))
    assert not session.hammered


def test_a_clock_that_is_asked_about_an_earlier_instant_does_not_go_back() -> None:
    session = Session(EVENING)
    session.pass_to(later(minutes=1))
    session.pass_to(EVENING)
    assert session.now == later(minutes=1)


def test_looking_on_neither_keeps_a_session_alive_nor_ends_it_sooner() -> None:
    session = lived()
    session.pass_to(later(minutes=1))
    for minutes in (3, 5, 6.4):
        session.look(later(minutes=minutes))
        assert session.bridged
    session.look(later(minutes=6.6))
    assert not session.bridged
