"""Sending, to a real HTTP server on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.__main__ import main
from pipelines.alerts import Alert
from pipelines.targets import is_target, send
from tests.receiver import Receiver, receiving

ROOT = Path(__file__).parents[2]
ALERT = Alert("IBKR: log in by Wed 09:30 New York", "Nobody is logged in.\n\n- bars_1d, <all> & *more*")
NOBODY = "json://127.0.0.1:9/"
SECRETS = ["hunter22", "pathtoken", "headertoken", "querytoken", "ownername"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def _secret(receiver: Receiver) -> str:
    user, password, path, header, query = SECRETS[4], *SECRETS[:4]
    return f"json://{user}:{password}@127.0.0.1:{receiver.port}/{path}?+X-Token={header}&-key={query}"


def test_an_alert_arrives_word_for_word(receiver: Receiver) -> None:
    assert send(ALERT, [receiver.target]) == []
    [(path, posted)] = receiver.posted
    assert path == "/"
    assert (posted["title"], posted["message"], posted["type"]) == (ALERT.title, ALERT.body, "warning")


def test_every_target_gets_it_whatever_becomes_of_the_others(receiver: Receiver) -> None:
    troubles = send(ALERT, [NOBODY, receiver.target, "nonsense", receiver.target + "second"])
    assert [path for path, _ in receiver.posted] == ["/", "/second"]
    assert troubles == [
        "alert target 1, JSON: A Connection error occurred sending JSON notification to ….",
        "alert target 3, unknown service: not an address that alerts can be sent to. "
        "Write one as apprise has it, e.g. mailto://, ntfy://, json://.",
    ]


def test_with_no_targets_nothing_is_done() -> None:
    assert send(ALERT, []) == []


@pytest.mark.parametrize("status", [401, 500])
def test_a_refusal_tells_the_status_and_no_part_of_the_address(
    receiver: Receiver, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.status = status
    [trouble] = send(ALERT, [_secret(receiver)])
    [(path, _)] = receiver.posted
    assert path == "/pathtoken?key=querytoken"
    assert trouble.startswith("alert target 1, JSON: Failed to send JSON POST notification: ")
    assert str(status) in trouble
    told = trouble + "".join(capfd.readouterr())
    assert [secret for secret in SECRETS if secret in told] == []


def test_what_apprise_logs_of_an_address_reaches_no_log_of_ours(receiver: Receiver) -> None:
    program = (
        "import logging, sys\n"
        "logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)\n"
        "logging.getLogger('urllib3').setLevel(logging.INFO)\n"
        "from pipelines.alerts import Alert\n"
        "from pipelines.targets import send\n"
        "logging.warning('ours')\n"
        "print(send(Alert('', 'body'), sys.argv[1:]))\n"
    )
    targets = [_secret(receiver), "nosuch://hunter22:pathtoken@headertoken/querytoken?to=ownername"]
    told = subprocess.run(
        [sys.executable, "-c", program, *targets], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert len(receiver.posted) == 1
    assert "WARNING:root:ours" in told.stdout
    assert [secret for secret in SECRETS if secret in told.stdout + told.stderr] == []


@pytest.mark.parametrize(
    "address",
    [
        "json://hunter22",
        "jsons://hunter22:80/a",
        "json://me:hunter22@hunter22:1/hunter22",
        "json://%68unter22/hunter22",
    ],
)
def test_a_host_that_is_a_secret_is_not_told_either(address: str) -> None:
    [trouble] = send(ALERT, [address.replace("hunter22", "hunter22.invalid")])
    assert "hunter22" not in trouble


@pytest.mark.parametrize(
    "address",
    [
        "ntfy://topic",
        "mailto://me:word@gmail.com",
        "tgram://123456789:AAHk5lW5gHjnvKHgvsJkGWYBjZr0NqPzw1E/123456789",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "jsons://hooks.example.com/ibkr?+Authorization=Bearer%20abc",
        "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    ],
)
def test_an_address_of_a_service_is_a_target(address: str) -> None:
    assert is_target(address)


@pytest.mark.parametrize("address", ["", "me@gmail.com", "carrier-pigeon://coop", "json://", "slack://short"])
def test_anything_else_is_none(address: str) -> None:
    assert not is_target(address)


@given(st.sampled_from(["json", "mailto", "tgram", "slack", "ntfy", "xyz", ""]), st.text(max_size=30))
def test_no_address_is_odd_enough_to_raise(schema: str, rest: str) -> None:
    assert is_target(f"{schema}://{rest}") in {True, False}


def test_who_has_no_targets_never_imports_apprise() -> None:
    program = (
        "import sys, pipelines.settings, pipelines.__main__\n"
        "from pipelines.targets import send\n"
        "from pipelines.alerts import Alert\n"
        "pipelines.settings.read_settings(); send(Alert('', ''), [])\n"
        "assert 'apprise' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "owner.toml"
    monkeypatch.setenv("IBKR_CONFIG", str(path))
    return path


def test_the_command_sends_a_test_to_the_configured_targets(
    receiver: Receiver, toml: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOK", f"127.0.0.1:{receiver.port}/from-the-environment")
    toml.write_text(f'[alerts]\ntargets = ["json://$HOOK", "{receiver.target}"]\n')
    assert main(["alert"]) == 0
    assert capsys.readouterr().out == "A test alert was sent to 2 of 2 targets.\n"
    assert [path for path, _ in receiver.posted] == ["/from-the-environment", "/"]
    assert {posted["title"] for _, posted in receiver.posted} == {"IBKR: test"}


def test_the_command_says_which_target_did_not_work_and_fails(
    receiver: Receiver, toml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml.write_text(f'[alerts]\ntargets = ["{receiver.target}", "{NOBODY}"]\n')
    assert main(["alert"]) == 1
    assert capsys.readouterr().out == (
        "✗ alert target 2, JSON: A Connection error occurred sending JSON notification to ….\n"
        "A test alert was sent to 1 of 2 targets.\n"
    )


def test_the_command_without_targets_says_where_to_name_some(toml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml.write_text("")
    assert main(["alert"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"✗ {toml}: alerts.targets names nobody to tell.")
    assert told.count("\n") == 1
