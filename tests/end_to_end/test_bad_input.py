"""What a person reads when something is wrong: one clear line each, and nothing that landed is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.crooked import Spoil, crooked
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights, rest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LEDGER = "/portfolio/U9900001/ledger"


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=120)) as running:
        yield running


@pytest.fixture
def gateway(shared: Running) -> Running:
    rest(shared)
    return shared


def _status(status: int, body: bytes = b"") -> Spoil:
    return lambda _: (status, body)


SPOILED: dict[str, tuple[Spoil, str]] = {
    "an HTML page": (_status(200, b"<html><body>Service</body></html>"), "with an HTML page where JSON was due"),
    "a login page": (_status(200, b"<html>Please login</html>"), "while somebody is. This login may not ask it"),
    "access denied": (_status(403, b"<html>Access Denied</html>"), "Allow this machine's address"),
    "an empty body": (_status(200, b""), "an empty body where JSON was due"),
    "half a reply": (lambda body: (200, body[: len(body) // 2]), "the reply was cut or mangled"),
    "an error inside 200": (_status(200, b'{"error":"unknown"}'), "answered 200 with the error 'unknown'"),
    "nobody logged in": (_status(401), "while somebody is. This login may not ask it"),
    "a timeout upstream": (_status(503), "503, an empty body. The gateway or IBKR is busy"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_reply_is_one_clear_line_and_stays_in_raw(gateway: Running, tmp_path: Path, name: str) -> None:
    spoil, words = SPOILED[name]
    with crooked(gateway, {LEDGER: spoil}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/ledger", day=DAY)
    [reason] = outcome.failures
    assert reason.startswith("GET /portfolio/U…0001/ledger: ")
    assert words in reason
    assert "\n" not in reason
    [cut_short] = nights.lake.raw.files("ledger", DAY)
    assert cut_short.name.endswith(".open.jsonl.gz")
    assert [envelope.request.path for envelope in nights.lake.raw.read(cut_short)][0] == LEDGER


def test_what_came_before_a_spoiled_reply_is_kept(gateway: Running, tmp_path: Path) -> None:
    with crooked(gateway, {LEDGER: _status(503)}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/accounts", "raw/ledger", "accounts", "ledger", day=DAY)
    assert len(outcome.failures) == 1
    assert len(nights.table("accounts")) == 1
    assert nights.lake.tables.files("ledger") == []


def test_too_many_requests_are_waited_for_by_whatever_comes_after(gateway: Running, tmp_path: Path) -> None:
    with crooked(gateway, {LEDGER: _status(429)}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/accounts", "raw/ledger", "accounts", "ledger", day=DAY)
    assert (outcome.is_success, outcome.failures) == (True, [])
    [waits] = outcome.parked
    assert waits.reason.startswith("GET /portfolio/U…0001/ledger: 429, a pacing limit was broken. Stop every program")
    assert "\n" not in waits.reason
    [work] = nights.lake.parked.waiting()
    assert (work.dataset, work.waits_for) == ("ledger", "Throttled")
    assert work.until is not None
    assert len(nights.table("accounts")) == 1, "what came before is kept"
    assert nights.lake.tables.files("ledger") == []
    [cut_short] = nights.lake.raw.files("ledger", DAY)
    assert [envelope.status for envelope in nights.lake.raw.read(cut_short)] == [429]


def test_pages_that_landed_before_a_failure_are_kept(gateway: Running, tmp_path: Path) -> None:
    with crooked(gateway, {"/portfolio/U9900001/positions/1": _status(500, b'{"error":"boom"}')}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/positions", "positions", day=DAY)
    assert outcome.failures == [
        "GET /portfolio/U…0001/positions/1: 500, boom. The gateway or IBKR is busy or under maintenance: try later."
    ]
    [cut_short] = nights.lake.raw.files("positions", DAY)
    kept = [(envelope.request.path[-1], envelope.status) for envelope in nights.lake.raw.read(cut_short)]
    assert kept == [("0", 200), ("1", 500), ("1", 500), ("1", 500)]
    assert nights.lake.raw.landings("positions", DAY) == []


def test_a_wrong_type_rejects_its_row_with_the_reason_and_the_rest_goes_on(gateway: Running, tmp_path: Path) -> None:
    def mistype(body: bytes) -> tuple[int, bytes]:
        rows = json.loads(body)
        rows[0]["position"] = {"nested": True}
        rows[1]["mktPrice"] = "NaN"
        del rows[2]["conid"]
        return 200, json.dumps(rows).encode()

    with crooked(gateway, {"/portfolio/U9900001/positions/1": mistype}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/positions", "positions", day=DAY)
    assert outcome.is_success, outcome.failures
    assert len(nights.table("positions")) == 118, "of the three one was in doubt, and came right when asked for alone"
    rejected = nights.lake.tables.read(nights.lake.tables.rejected_files("positions"))
    assert [list(reasons) for reasons in rejected["reasons"]] == [
        ["quantity: position cannot be read as float"],
        ["price: mktPrice cannot be read as float"],
        ["conid: conid is missing"],
    ]
    assert rejected["raw_file"].nunique() == 1


def test_an_unknown_field_is_kept_in_extra(gateway: Running, tmp_path: Path) -> None:
    def add(body: bytes) -> tuple[int, bytes]:
        return 200, json.dumps([{**row, "novelty": {"a": 1}} for row in json.loads(body)]).encode()

    with crooked(gateway, {"/portfolio/accounts": add}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/accounts", "accounts", day=DAY)
    assert outcome.is_success, outcome.failures
    assert nights.table("accounts")["extra"].tolist() == ['{"novelty":{"a":1}}']


def test_a_reply_of_unknown_shape_is_rejected_whole_and_blocks(gateway: Running, tmp_path: Path) -> None:
    with crooked(gateway, {LEDGER: _status(200, b"[1,2,3]")}) as liar:
        nights = Nights(tmp_path, liar)
        outcome = nights.materialize("raw/ledger", "ledger", day=DAY)
    assert not outcome.is_success
    assert "not_every_row_was_rejected" in {check.name for check in outcome.failed_checks}
    rejected = nights.lake.tables.read(nights.lake.tables.rejected_files("ledger"))
    assert rejected["record"].tolist() == ["[1,2,3]"]
    assert "an object was due" in rejected["reasons"][0][0]


def test_a_configured_account_that_the_login_cannot_see_is_named(gateway: Running, tmp_path: Path) -> None:
    outcome = Nights(tmp_path, gateway, scope={"accounts": ["U1234567"]}).materialize("raw/ledger", day=DAY)
    assert outcome.failures == [
        "IBKR_ACCOUNTS names U…4567, and the login sees U…0001 only. "
        "Correct the variable, or log in as who can see them."
    ]


def test_simulated_and_real_data_never_share_a_profile(gateway: Running, tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway)
    nights.lake.claim(is_simulated=False)
    outcome = nights.materialize("raw/ledger", day=DAY)
    assert outcome.failures == [
        "Profile 'test' holds real data, and this gateway's are simulated. Nothing was landed. "
        "Set IBKR_PROFILE to another name."
    ]
    assert nights.lake.raw.partitions("ledger") == []


def test_the_command_line_says_what_is_wrong_without_a_stack_trace(gateway: Running, tmp_path: Path) -> None:
    told = {
        "unpinned": _command(tmp_path, IBKR_GATEWAY_URL=gateway.url),
        "no such pin": _command(tmp_path, IBKR_GATEWAY_URL=gateway.url, IBKR_GATEWAY_CERT=str(tmp_path / "none.pem")),
        "not a URL": _command(tmp_path, IBKR_GATEWAY_URL="localhost"),
        "no such configuration": _command(tmp_path, IBKR_CONFIG=str(tmp_path / "none.toml")),
        "plain http elsewhere": _command(tmp_path, IBKR_GATEWAY_URL="http://example.com/v1/api"),
        "elsewhere": _command(tmp_path, IBKR_GATEWAY_URL="https://example.com/v1/api"),
    }
    expected = {
        "unpinned": "python -m resources.gateway pin",
        "no such pin": "no readable PEM certificate there",
        "not a URL": "IBKR_GATEWAY_URL='localhost': use a URL such as",
        "no such configuration": "Name a TOML file; a commented one is",
        "plain http elsewhere": "plain http is only accepted on this machine",
        "elsewhere": "example.com is not this machine",
    }
    for name, (code, output) in told.items():
        assert code == 2, (name, output)
        assert expected[name] in output
        assert "Traceback" not in output
        assert len(output.strip().splitlines()) == 1, output


def _command(folder: Path, **environment: str) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "pipelines", "nightly"],
        cwd=ROOT,
        env={**clean, "IBKR_DATA": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
