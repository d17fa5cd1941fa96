"""What a night leaves behind, and what it says, tells nothing to whoever should not know: looked for in every byte."""

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from pydantic import PrivateAttr

from resources.gateway.client import GatewayClient
from resources.gateway.endpoint import Endpoint
from resources.gateway.resource import Gateway
from resources.simulator.faults.files import parse_rules
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.crooked import crooked
from tests.end_to_end.conftest import DAY, EVENING
from tests.end_to_end.stored import holding, stored
from tests.nights import FEW, Nights, dagster_home

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[2]
ACCOUNTS = ["U9900001", "U9900002", "U9900003"]
WITHOUT_ACCOUNTS = ["scanner_params", "scanner_runs", "contract_details", "option_chains", "quotes"]
"""Nothing of an account is asked for them: they are left out, for time."""
TOML = f"leave_out = {json.dumps(WITHOUT_ACCOUNTS)}\n"
TOML += '[bars]\nasset_classes = ["BOND"]\n[performance]\nis_limit_per_account = true\n'
COMMAND = ["-m", "pipelines", "nightly", DAY]
IN_DAGSTER = ["-m", "dagster", "job", "execute", "-m", "pipelines.definitions", "-j", "nightly"]
IN_DAGSTER += ["--tags", json.dumps({"dagster/partition": DAY})]
ONLY_LEDGER = ["-m", "dagster", "asset", "materialize", "-m", "pipelines.definitions", "--partition", DAY]
ONLY_LEDGER += ["--select", 'key:"raw/ledger"']
TROUBLE = parse_rules(
    [
        {
            "faults": [{"fault": "failing", "message": "account U9900002 (alias U9900002) is not ready"}],
            "path": "/portfolio/U9900002/ledger",
        },
        {"faults": ["duplicated"], "path": "/portfolio/U9900003/positions/*"},
        {"faults": [{"fault": "added_fields"}], "path": "/portfolio/accounts"},
    ]
)
COOKIES = {"JSESSIONID": "5ec1e7c00k1e0001", "x-sess-uuid": "5ec1e7c00k1e0002", "api": "5ec1e7c00k1e0003"}
SESSION = "5ec1e75e5510n0000000000000000004"
TICKLE = Endpoint("/tickle", method="POST")


def _run(folder: Path, gateway: Running, command: list[str], *, toml: str = TOML, umask: int = 0o022) -> str:
    """A night in a process of its own, with a Dagster home of its own; gives all that it printed."""
    home = dagster_home(folder / "home")
    (folder / "own.toml").write_text(toml)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("IBKR_")},
        "DAGSTER_HOME": str(home),
        "IBKR_DATA": str(folder / "data"),
        "IBKR_PROFILE": "test",
        "IBKR_CONFIG": str(folder / "own.toml"),
        "IBKR_ACCOUNTS": ",".join(ACCOUNTS),
        "IBKR_GATEWAY_URL": gateway.url,
        "IBKR_GATEWAY_CERT": str(gateway.certificate),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        cwd=ROOT,
        env=environment,
        umask=umask,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@dataclass(frozen=True)
class Ran:
    """A night in a process of its own: where it left what, and all that it printed."""

    folder: Path
    told: str


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A night of several accounts as from a terminal, by somebody whose umask closes nothing."""
    folder = tmp_path_factory.mktemp("good")
    with serve(Options(clock=EVENING, accounts=3, positions=3, pacing=False)) as gateway:
        told = _run(folder, gateway, COMMAND, umask=0)
    assert "Look into it" in told, told
    return Ran(folder, told)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A night as Dagster runs it, printing every event, with errors and failed checks that speak of accounts."""
    folder = tmp_path_factory.mktemp("troubled")
    with serve(Options(clock=EVENING, accounts=3, positions=3, pacing=False, faults=TROUBLE)) as gateway:
        told = _run(folder, gateway, IN_DAGSTER)
        assert all(rule["struck"] for rule in gateway.control.faults())
    return Ran(folder, told)


def test_whatever_the_umask_a_night_leaves_nothing_that_others_can_open(good: Ran) -> None:
    found = [good.folder / "data", *(good.folder / "data").rglob("*")]
    kept = {path.relative_to(good.folder / "data").as_posix() for path in found}
    assert kept >= {".gateways", *(f"test/{name}" for name in ("raw", "tables", "warehouse", "profile.json"))}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}


def test_a_good_night_tells_no_account_id(good: Ran) -> None:
    assert [one for one in ACCOUNTS if one in good.told] == []
    assert holding(good.folder / "home", ACCOUNTS) == {}


def test_nor_does_a_night_with_errors_and_failed_checks(troubled: Ran) -> None:
    assert "Traceback" in troubled.told or "Stack Trace" in troubled.told
    assert "account U…0002 (alias U…0002) is not ready" in troubled.told, "it is told, and shortened"
    assert [one for one in ACCOUNTS if one in troubled.told] == []
    assert holding(troubled.folder / "home", ACCOUNTS) == {}
    spoken_of = holding(troubled.folder / "home", [r"GET /portfolio/U\u20260002/ledger: 500", r"265598 of U\u20260003"])
    assert len(set().union(*spoken_of.values())) == 2, "an error and an offender of a failed check, in Dagster's events"


def test_every_kind_of_what_dagster_keeps_was_looked_at(troubled: Ran) -> None:
    """Job snapshots are packed: unpacked they hold the configuration, the variable's name in place of the accounts."""
    places = {where.partition(": ")[2] for where, _ in stored(troubled.folder / "home")}
    assert {"event_logs", "runs", "run_tags", "snapshots", "asset_check_executions"} <= places
    assert any("snapshots" in where for where in holding(troubled.folder / "home", ["IBKR_ACCOUNTS"]))
    assert any("event_logs" in where for where in holding(troubled.folder / "home", ["first_offenders"]))
    assert holding(troubled.folder / "data", ACCOUNTS), "the data hold them, or nothing would be found anywhere"


def test_an_owner_who_wants_to_see_ids_sees_them(tmp_path: Path) -> None:
    toml = TOML + "[privacy]\nshow_account_ids = true\n"
    with serve(Options(clock=EVENING, accounts=3, positions=3, pacing=False, faults=TROUBLE[:1])) as gateway:
        told = _run(tmp_path, gateway, ONLY_LEDGER, toml=toml)
    assert "GET /portfolio/U9900002/ledger: 500, account U9900002 (alias U9900002) is not ready" in told
    assert holding(tmp_path / "home", ["/portfolio/U9900002/ledger"])


class Ticking(Gateway):
    """A night in which the session is kept alive, whatever it takes: short ones are over before the first tickle."""

    _has_ticked: bool = PrivateAttr(default=False)

    @property
    def client(self) -> GatewayClient:
        found = super().client
        if not self._has_ticked:
            self._has_ticked = True
            assert found.ask(TICKLE).json["session"] == SESSION
        return found


def _with_session(body: bytes) -> tuple[int, bytes]:
    return 200, json.dumps({**json.loads(body), "session": SESSION}).encode()


def test_no_cookie_and_no_session_id_is_kept_anywhere(tmp_path: Path) -> None:
    cookies = [("Set-Cookie", f"{name}={value}; Secure; HttpOnly; Path=/") for name, value in COOKIES.items()]
    secrets = [*COOKIES.values(), SESSION]
    (tmp_path / "home").mkdir()
    with (
        serve(Options(clock=EVENING, positions=3)) as gateway,
        crooked(gateway, {"/tickle": _with_session}, headers=cookies) as generous,
        dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance,
    ):
        nights = Nights(tmp_path / "data", generous, scope={"bars_asset_classes": ["BOND"]}, kind=Ticking, choices=FEW)
        nights.instance = instance
        outcome = nights.run("nightly", DAY)
        assert outcome.is_success, (outcome.failures, outcome.failed_checks)
        assert gateway.control.requests(path="/tickle"), "a session was given out"
    assert holding(tmp_path / "data", ["X-Simulator"]), "replies were kept, with their headers"
    assert holding(tmp_path, secrets) == {}


@pytest.mark.parametrize("is_there", [False, True])
def test_dagsters_home_is_the_owners_alone(tmp_path: Path, is_there: bool) -> None:
    home = tmp_path / "home"
    if is_there:
        home.mkdir()
        home.chmod(0o755)
        shutil.copy(ROOT / "pipelines" / "dagster.yaml", home)
    command = ["make", "-o", ".venv/.installed", "install"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DAGSTER_HOME": str(home)}, umask=0, check=True)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / "dagster.yaml").is_file()
