"""The command line, as a person runs it: in a process of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.__main__ import main
from resources.lake.layout import Layout
from resources.lake.parked import ParkedStore
from tests.nights import dagster_home, only

ROOT = Path(__file__).parents[2]
SMALL = 'watchlist = ["AAPL"]\n[bars]\ndepth_days = 5\nasset_classes = ["CASH"]\n'
LISTED = ["positions", "symbols", "instruments"]


@dataclass(frozen=True)
class Told:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Person:
    """Somebody with a data folder, a small configuration and a home for Dagster."""

    folder: Path

    def runs(self, *words: str, **environment: str) -> Told:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
        own = {
            "DAGSTER_HOME": str(self.folder / "home"),
            "IBKR_DATA": str(self.folder / "data"),
            "IBKR_CONFIG": str(self.folder / "small.toml"),
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "pipelines", *words],
            cwd=ROOT,
            env={**clean, **own, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return Told(done.returncode, done.stdout, done.stderr)

    def lands_only(self, *names: str) -> None:
        """Leave out all but the named datasets from now on."""
        (self.folder / "small.toml").write_text(f"leave_out = {json.dumps(only(*names).leave_out)}\n{SMALL}")


def _person(folder: Path) -> Person:
    dagster_home(folder / "home")
    (folder / "small.toml").write_text(SMALL)
    return Person(folder)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return _person(tmp_path)


def test_settings_says_what_would_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IBKR_DATA", str(tmp_path))
    monkeypatch.setenv("IBKR_GATEWAY_URL", "https://localhost:5000/v1/api")
    assert main(["settings"]) == 0
    told = capsys.readouterr().out
    assert f"profile live in {tmp_path}, https://localhost:5000/v1/api, " in told
    assert told.count("\n") == 1


def test_a_wrong_setting_is_one_line_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IBKR_GATEWAY_URL", "localhost")
    assert main(["settings"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "✗ IBKR_GATEWAY_URL='localhost': use a URL such as https://localhost:5000/v1/api.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nightly", "2024-11-24"], "2024-11-24: XNYS is closed, there is nothing to do."),
        (["nightly", "2024-01-01"], "2024-01-01: XNYS is closed, there is nothing to do."),
        (["history", "2024-11-23", "2024-11-23"], "2024-11-23: XNYS is closed, there is nothing to do."),
    ],
)
def test_a_closed_day_is_said_and_is_no_mistake(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out == f"{told}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["nightly", "1999-12-31"],
        ["nightly", "2999-01-02"],
        ["history", "2024-11-20", "2024-11-04"],
        ["history", "1995-01-03", "2024-11-04"],
    ],
)
def test_days_that_no_run_can_have_are_one_line(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "days run from 2000-01-01 to today in New York" in told
    assert words[1] in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("words", [["nightly", "today"], ["history"], ["history", "2026-13-01"], ["fortnightly"], []])
def test_words_that_make_no_command_are_explained(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage: python -m pipelines" in capsys.readouterr().err


def test_a_day_that_is_none_is_named_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nightly", "23.11.2026"])
    assert "'23.11.2026' is not a day such as 2026-11-23" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [(["accept"], "Nothing is held back.\n"), (["reprocess", "--rejected"], "No row is rejected.\n")],
)
def test_where_nothing_waits_for_the_owner_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    monkeypatch.setenv("IBKR_DATA", str(tmp_path))
    assert main(words) == 0
    assert capsys.readouterr().out == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["accept", "positions"], "✗ accept: of which day? Name the dataset and the day, e.g. accept positions "),
        (["accept", "positions", "2024-11-25"], "✗ accept: positions of 2024-11-25 is not held back. Held back: no"),
    ],
)
def test_a_decision_needs_something_that_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    monkeypatch.setenv("IBKR_DATA", str(tmp_path))
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(told)


def test_reprocess_of_nothing_says_what_to_do_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IBKR_DATA", str(tmp_path))
    assert main(["reprocess"]) == 2
    assert capsys.readouterr().err == (
        "✗ reprocess: nothing was ever landed in profile 'simulator'. Run make demo or make nightly first.\n"
    )


def test_an_exchange_that_does_not_exist_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "owner.toml").write_text('exchange = "NYSE?"\n')
    monkeypatch.setenv("IBKR_CONFIG", str(tmp_path / "owner.toml"))
    assert main(["nightly", "2024-11-25"]) == 2
    told = capsys.readouterr().err
    assert "Exchange calendar 'NYSE?': no such calendar." in told
    assert told.count("\n") == 1


def test_settings_too_says_that_an_exchange_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "owner.toml").write_text('exchange = "NYSE?"\n')
    monkeypatch.setenv("IBKR_CONFIG", str(tmp_path / "owner.toml"))
    assert main(["settings"]) == 2
    assert "Exchange calendar 'NYSE?': no such calendar." in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.long
def test_a_gateway_that_is_down_leaves_a_night_that_waits_and_the_code_75(person: Person) -> None:
    person.lands_only(*LISTED, "bars_1d")
    told = person.runs("nightly", "2024-11-25", IBKR_GATEWAY_URL="https://127.0.0.1:9/v1/api")
    assert (told.code, told.err) == (75, "")
    assert "Traceback" not in told.out
    assert "✗" not in told.out
    waits, session, remedy = told.out[told.out.rindex("… ") :].splitlines()
    assert waits.startswith("… bars_1d, instruments, symbols of 2024-11-25 wait. POST ")
    assert "/iserver/auth/status at https://127.0.0.1:9/v1/api: " in waits
    assert "! lost: positions of 2024-11-25: the gateway tells it only on the day itself" in told.out, "long ago"
    assert "Start the gateway" in waits
    assert session == "The session: gateway down."
    assert remedy == "It goes on by itself while `make dev` runs, or with `make resume` once that has passed."
    parked = ParkedStore(Layout(person.folder / "data" / "live")).waiting()
    assert {work.waits_for for work in parked} == {"Unreachable"}
    again = person.runs("resume", IBKR_GATEWAY_URL="https://127.0.0.1:9/v1/api")
    assert (again.code, again.err) == (75, "")
    assert again.out.splitlines()[-3:] == [waits, session, remedy]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("home", ["", None], ids=["empty", "unset"])
def test_without_a_home_for_dagster_it_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: str | None
) -> None:
    monkeypatch.setenv("IBKR_DATA", str(tmp_path))
    monkeypatch.delenv("DAGSTER_HOME")
    if home is not None:
        monkeypatch.setenv("DAGSTER_HOME", home)
    assert main(["nightly", "2024-11-25"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "DAGSTER_HOME is not set" in told


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("home", ["relative", "/nowhere/at/all"])
def test_a_home_for_dagster_that_is_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: str
) -> None:
    monkeypatch.setenv("IBKR_DATA", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", home)
    assert main(["nightly", "2024-11-25"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "DAGSTER_HOME does not name a folder" in told


@pytest.mark.slow
@pytest.mark.long
def test_a_data_root_that_cannot_be_written_is_told_in_plain_words(person: Person) -> None:
    told = person.runs("demo", IBKR_DATA="/dev/null")
    assert told.code == 1
    [reason] = [line for line in told.out.splitlines() if line.startswith("✗")]
    assert reason == (
        "✗ Keeping data at /dev/null/simulator: Not a directory. Make room or set the rights there, "
        "or set IBKR_DATA to another folder; then run again."
    )


@pytest.mark.slow
@pytest.mark.long
def test_the_demo_lands_publishes_and_tells_and_can_be_run_again(person: Person) -> None:
    first = person.runs("demo")
    person.lands_only("ledger", *LISTED, "bars_1d")
    second = person.runs("demo")
    for told in (first, second):
        assert (told.code, told.err) == (0, "")
        assert "profile simulator, embedded simulator" in told.out
        assert re.search(r"^positions +158 ", told.out, flags=re.MULTILINE)
        assert "of the 10/s allowed" in told.out
        assert "✗" not in told.out
    warehouse = person.folder / "data" / "simulator" / "warehouse" / "ibkr.duckdb"
    assert f"warehouse {warehouse}" in first.out
    with duckdb.connect(warehouse, read_only=True) as connection:
        assert connection.execute("select count(*) from positions").fetchall() == [(158,)]
    rebuilt = person.runs("reprocess")
    assert (rebuilt.code, rebuilt.err) == (0, "")
    assert "of the 10/s allowed" not in rebuilt.out, "nothing was asked"


@pytest.mark.slow
@pytest.mark.long
def test_a_failed_step_ends_in_one_line_and_the_code_1(person: Person) -> None:
    person.lands_only("accounts", "ledger", "positions")
    told = person.runs("nightly", "2020-03-02")
    assert told.code == 1
    assert "Traceback" not in told.out + told.err
    assert told.err == ""
    reasons = [line for line in told.out.splitlines() if line.startswith("✗")]
    assert "✗ accounts of 2020-03-02: the gateway tells it only on the day itself" in reasons[0]
    assert len(reasons) == len(set(reasons))
