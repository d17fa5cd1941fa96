from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from resources.simulator import flavour
from resources.simulator.command_line import parse
from resources.simulator.faults import catalogue
from resources.simulator.flavour import BUILDS
from resources.simulator.lifetime import Lifetime, Region
from resources.simulator.options import Options


def test_the_words_of_the_command_line_become_options() -> None:
    words = "--port 0 --seed 9 --clock 2026-11-23T18:30 --accounts 2 --positions 250 --universe 900 --http"
    assert parse(words.split()) == (
        Options(
            seed=9,
            clock=datetime(2026, 11, 23, 23, 30, tzinfo=UTC),
            accounts=2,
            positions=250,
            universe=900,
            tls=False,
        ),
        0,
    )
    assert parse([]) == (Options(), 5000)
    assert parse(["--adviser", "--opened", "2026-11-02"])[0] == Options(adviser=True, opened=date(2026, 11, 2))
    assert parse(["--logged-out", "--no-pacing", "--region", "hong-kong", "--deny", "127.*"]) == (
        Options(logged_in=False, pacing=False, deny=("127.*",), lifetime=Lifetime(Region.HONG_KONG)),
        5000,
    )

    assert parse(["--build", "2023"])[0] == Options(flavour=BUILDS["2023"])
    assert parse(["--flavour", "unprimed_status=500"])[0].flavour.unprimed_status == 500


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--clock", "tomorrow"], "read the clock 'tomorrow'"),
        (["--market", "no/such/file.csv"], "no/such/file.csv does not exist"),
        (["--opened", "lately"], "--opened"),
        (["--host", "0.0.0.0"], "--host"),
        (["--positions", "many"], "--positions"),
        (["--fast"], "--fast"),
        (["--faults", "no/such.toml"], "faults no/such.toml: No such file"),
        (["--night", "lovely"], "lovely is not one of bad, "),
        (["--build", "1999"], "--build"),
        (["--flavour", "established=maybe"], "--flavour established: "),
    ],
)
def test_a_mistake_is_one_line_on_stderr(words: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(words)
    said = capsys.readouterr()
    assert left.value.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert problem in said.err


def test_faults_come_from_a_file_and_from_a_night(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('[[rules]]\nfaults = ["failing"]\n')
    options, _ = parse(["--faults", str(file), "--night", "flaky_pages", "--no-control"])
    assert [[fault.fault for fault in rule.faults] for rule in options.faults] == [["failing"], ["truncated"]]
    assert options.control is False


@pytest.mark.parametrize(("word", "lines"), [("--list-faults", catalogue.listed), ("--list-flavours", flavour.listed)])
def test_what_can_be_chosen_is_listed(
    word: str, lines: Callable[[], Iterator[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parse([word])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert said.splitlines() == list(lines())


def test_help_shows_how_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(["--help"])
    assert left.value.code == 0
    assert "python -m resources.simulator --port 5000" in capsys.readouterr().out
