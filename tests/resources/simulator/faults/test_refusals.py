from resources.simulator.faults.fault import Exchange, Fault, Reply, Request
from resources.simulator.faults.refusals import (
    Apologetic,
    Bridgeless,
    Failing,
    Html,
    LoggedOut,
    Throttled,
    TimedOut,
    Unauthenticated,
    Unavailable,
)

ASKED = Request("GET", "/portfolio/U9900001/ledger")


def answer(fault: Fault) -> Reply:
    return fault.strike(Exchange(ASKED, Reply()))


def test_a_timeout_is_an_empty_503_after_ten_seconds_that_closes_the_connection() -> None:
    reply = answer(TimedOut())
    assert (reply.status, reply.body, reply.seconds, reply.waits) == (503, b"", 10.0, True)
    assert reply.headers == {"connection": "close", "x-response-time": "10000ms"}


def test_a_500_mostly_leaves_the_status_out_of_its_error_object() -> None:
    assert answer(Failing()).json == {"error": "Internal Server Error"}
    assert answer(Failing(message="boom", told=True)).json == {"error": "boom", "statusCode": 500}


def test_words_of_a_busy_or_lost_session_are_those_that_were_seen() -> None:
    said = {
        kind: (reply.status, reply.json)
        for kind in (Unavailable, Unauthenticated, Bridgeless)
        for reply in [answer(kind())]
    }
    assert said == {
        Unavailable: (503, {"error": "Service Unavailable", "statusCode": 503}),
        Unauthenticated: (401, {"error": "not authenticated", "statusCode": 401}),
        Bridgeless: (400, {"error": "Bad Request: no bridge", "statusCode": 400}),
    }


def test_a_lost_login_and_a_broken_limit_have_no_body() -> None:
    assert [(reply.status, reply.body) for reply in (answer(LoggedOut()), answer(Throttled()))] == [
        (401, b""),
        (429, b""),
    ]


def test_pages_for_people_come_with_their_status() -> None:
    pages = {page: answer(Html(page=page)) for page in ("login", "denied", "maintenance")}
    assert {page: reply.status for page, reply in pages.items()} == {"login": 200, "denied": 403, "maintenance": 503}
    assert b"Access Denied" in pages["denied"].body
    assert all(reply.headers["content-type"].startswith("text/html") for reply in pages.values())


def test_an_error_may_hide_in_a_200() -> None:
    reply = answer(Apologetic(message="no session"))
    assert (reply.status, reply.json) == (200, {"error": "no session"})


def test_none_of_them_asks_the_endpoint() -> None:
    assert all(kind().is_instead for kind in (TimedOut, Failing, LoggedOut, Throttled, Html, Apologetic))
