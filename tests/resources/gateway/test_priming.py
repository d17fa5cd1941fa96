"""What a session wants asked first, and what happens when somebody does not: against the simulator, or bytes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.envelope import Envelope
from resources.gateway import errors
from resources.gateway.endpoint import Endpoint, Numbered
from resources.gateway.priming import PORTFOLIO_ACCOUNTS, SUBACCOUNTS
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.crooked import crooked
from tests.resources.gateway import crooked as scripted
from tests.resources.gateway.wired import EVENING, Hours, Wired, wired

LEDGER = Endpoint("/portfolio/{account_id}/ledger")
POSITIONS = Endpoint("/portfolio/{account_id}/positions/{page}", paging=Numbered(100))
HISTORY = Endpoint("/iserver/marketdata/history", cold_tries=3)
ACCOUNT = "U9900001"
BARS = {"conid": 265598, "period": "5d", "bar": "1d"}
STATUS, INIT = "POST /iserver/auth/status", "POST /iserver/auth/ssodh/init"
OPENING = [STATUS, "GET /iserver/accounts", "GET /portfolio/accounts"]
"""What opens a session, in its order."""


def _flaky(failures: int, status: int, body: bytes) -> Callable[[bytes], tuple[int, bytes]]:
    left = iter([True] * failures)
    return lambda good: (status, body) if next(left, False) else (200, good)


def test_a_session_is_opened_in_the_order_the_gateway_wants_and_only_once(one: Wired) -> None:
    assert one.client.account_ids() == (ACCOUNT,)
    one.client.ask(LEDGER, account_id=ACCOUNT)
    one.client.ask(LEDGER, account_id=ACCOUNT)
    assert one.sent == [*OPENING, *["GET /portfolio/U9900001/ledger"] * 2]
    assert one.client.is_simulator


def test_the_list_of_accounts_that_primed_the_session_is_not_asked_for_twice(one: Wired) -> None:
    kept: list[Envelope] = []
    with one.client.recording(kept.append):
        [page] = one.client.pages(PORTFOLIO_ACCOUNTS)
    assert one.sent == OPENING
    assert [envelope.request.path for envelope in kept] == ["/portfolio/accounts"]
    assert page.json[0]["accountId"] == ACCOUNT


def test_a_session_that_another_process_brought_up_again_is_primed_before_anything_is_asked(
    gateway: Running, tmp_path: Path, one: Wired
) -> None:
    one.client.open()
    gateway.control.drop()
    with wired(gateway, tmp_path, one.hours) as other:
        other.client.open()
    assert INIT in other.sent
    one.client.ask(HISTORY, query=BARS)
    assert one.sent == [*OPENING, *OPENING, "GET /iserver/marketdata/history"]


def test_a_login_that_was_renewed_is_primed_though_its_portfolio_would_look_empty_without(tmp_path: Path) -> None:
    """Builds that answer 200 `[]` before their accounts were listed: a night without positions, and nobody knows."""
    flavour = Flavour(unlisted_status=200)
    with (
        serve(Options(clock=EVENING, positions=3, flavour=flavour)) as running,
        wired(running, tmp_path, Hours(running)) as one,
    ):
        one.client.open()
        running.control.log_out()
        with pytest.raises(errors.LoginRequired):
            one.client.ask(LEDGER, account_id=ACCOUNT)
        running.control.log_in()
        assert len(one.client.ask(POSITIONS, account_id=ACCOUNT, page=0).json) == 3


def test_a_portfolio_that_says_401_before_its_accounts_were_listed_is_primed_and_asked_again(tmp_path: Path) -> None:
    flavour = Flavour(unlisted_status=401)
    with (
        serve(Options(clock=EVENING, positions=3, flavour=flavour)) as running,
        wired(running, tmp_path, Hours(running)) as one,
    ):
        one.client.open()
        running.control.log_out()
        running.control.log_in()
        assert len(one.client.ask(POSITIONS, account_id=ACCOUNT, page=0).json) == 3
    positions = "GET /portfolio/U9900001/positions/0"
    assert one.sent == [*OPENING, positions, STATUS, *OPENING, positions]


BELOW = "GET /portfolio/subaccounts2"
THIRTY_SEVEN = Options(clock=EVENING, accounts=37, positions=0, adviser=True)
CLIENTS = tuple(f"U{9_900_001 + place}" for place in range(37))


def test_an_advisers_clients_are_seen_below_the_own_account_in_as_few_pages_as_hold_them(tmp_path: Path) -> None:
    with serve(THIRTY_SEVEN) as running, wired(running, tmp_path, Hours(running)) as one:
        assert one.client.account_ids() == ("F9900000", *CLIENTS)
        assert one.sent == [*OPENING, BELOW, BELOW]
        found = [page for page in one.client.pages(SUBACCOUNTS)]
        assert [len(page.json["subaccounts"]) for page in found] == [20, 17]
        assert one.sent == [*OPENING, BELOW, BELOW], "what primed the session is not asked for twice"
        assert one.client.ask(LEDGER, account_id=CLIENTS[-1]).json


def test_a_login_without_subaccounts_is_not_asked_for_any(one: Wired) -> None:
    one.client.open()
    assert one.sent == OPENING


def test_without_a_brokerage_session_to_tell_of_them_they_are_asked_for(tmp_path: Path) -> None:
    with serve(THIRTY_SEVEN) as running, wired(running, tmp_path, Hours(running)) as one:
        running.control.compete()
        assert one.client.account_ids() == ("F9900000", *CLIENTS)
        assert "GET /iserver/accounts" not in one.sent


def test_an_own_account_that_is_listed_below_too_is_one_account(gateway: Running, one: Wired) -> None:
    gateway.control.compete()
    assert one.client.account_ids() == (ACCOUNT,)


def test_a_page_of_subaccounts_that_lacks_some_is_asked_for_again(tmp_path: Path) -> None:
    with serve(THIRTY_SEVEN) as running, wired(running, tmp_path, Hours(running)) as one:
        running.control.add_faults({"faults": ["repeated"], "path": "/portfolio/subaccounts2", "times": 2})
        assert one.client.account_ids() == ("F9900000", *CLIENTS)
        assert one.sent.count(BELOW) > 2


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (b'{"metadata":{"total":3},"subaccounts":[{"accountId":"U9900002"}]}', "1 accounts came, of 3"),
        (b"[]", "none came, while the brokerage side has some"),
    ],
)
def test_subaccounts_that_never_come_whole_are_told(tmp_path: Path, told: bytes, problem: str) -> None:
    tradable = b'{"accounts":["F9900000","U9900002","U9900003"],"selectedAccount":"F9900000"}'
    script = {
        **scripted.HEALTHY,
        "GET /iserver/accounts": scripted.answer(body=tradable),
        "GET /portfolio/accounts": scripted.answer(body=b'[{"accountId":"F9900000"}]'),
        "GET /portfolio/subaccounts2": scripted.answer(body=told),
    }
    with (
        scripted.crooked(script) as running,
        wired(running, tmp_path) as one,
        pytest.raises(errors.Garbled, match=problem),
    ):
        one.client.account_ids()


def test_several_accounts_are_seen_without_the_pseudo_account_all(tmp_path: Path) -> None:
    with (
        serve(Options(clock=EVENING, accounts=3, positions=5)) as running,
        wired(running, tmp_path, Hours(running)) as one,
    ):
        assert one.client.account_ids() == ("U9900001", "U9900002", "U9900003")


def test_a_list_of_accounts_that_is_empty_at_first_is_asked_for_again(gateway: Running, one: Wired) -> None:
    gateway.control.add_faults({"faults": ["empty"], "path": "/portfolio/accounts", "times": 1})
    assert one.client.account_ids() == (ACCOUNT,)
    assert one.sent.count("GET /portfolio/accounts") == 2


def test_a_login_that_lists_no_account_is_told_and_waited_for(gateway: Running, one: Wired) -> None:
    gateway.control.add_faults({"faults": ["empty"], "path": "/portfolio/accounts"})
    with pytest.raises(errors.NotReady, match="listed no account"):
        one.client.account_ids()


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (b'{"set":true,"acctId":"U9900001"}', 200),
        (b'{"success":"Account already set"}', 200),
        (b"Account already set", 500),
    ],
)
def test_an_account_is_selected_when_the_brokerage_session_has_another(
    tmp_path: Path, reply: bytes, status: int
) -> None:
    script = {
        **scripted.HEALTHY,
        "GET /iserver/accounts": scripted.answer(body=b'{"accounts":["All","U9900001"],"selectedAccount":"All"}'),
        "POST /iserver/account": scripted.answer(status, reply),
    }
    with scripted.crooked(script) as running, wired(running, tmp_path) as one:
        assert one.client.account_ids() == (ACCOUNT,)
    assert one.sent == [*OPENING, "POST /iserver/account"]


@pytest.mark.parametrize("path", ["/iserver/auth/status", "/iserver/accounts", "/portfolio/accounts"])
def test_a_passing_trouble_while_the_session_opens_does_not_end_the_night(
    gateway: Running, tmp_path: Path, path: str
) -> None:
    with (
        crooked(gateway, {path: _flaky(1, 503, b"")}) as flaky,
        wired(flaky, tmp_path, Hours(gateway)) as one,
    ):
        assert one.client.account_ids() == (ACCOUNT,)
