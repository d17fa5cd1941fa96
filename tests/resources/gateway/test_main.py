import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from resources.gateway.certificate import read_pin
from resources.simulator.options import Options
from resources.simulator.server import serve

ROOT = Path(__file__).parents[3]


def _pin(url: str, out: Path, *extra: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "resources.gateway", "pin", "--url", url, "--out", str(out), *extra]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=ROOT, env=environment, input=answer, capture_output=True, text=True, check=False)


def test_the_certificate_is_shown_confirmed_and_written(tmp_path: Path) -> None:
    with serve(Options(positions=0)) as running:
        refused = _pin(running.url, tmp_path / "no.pem", answer="n\n")
        agreed = _pin(running.url, tmp_path / "deep" / "yes.pem", answer="y\n")
        unasked = _pin(running.url, tmp_path / "un asked.pem", "--yes")
        assert running.certificate is not None
        served = read_pin(running.certificate)
    assert (refused.returncode, (tmp_path / "no.pem").exists()) == (1, False)
    assert agreed.returncode == unasked.returncode == 0
    assert served.readable in agreed.stdout
    assert read_pin(tmp_path / "deep" / "yes.pem").fingerprint == served.fingerprint
    assert stat.S_IMODE((tmp_path / "deep" / "yes.pem").stat().st_mode) == 0o600
    assert f"IBKR_GATEWAY_CERT='{tmp_path / 'un asked.pem'}'\n" in unasked.stdout


def test_a_gateway_that_is_just_starting_is_waited_for(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    simulator = [sys.executable, "-m", "resources.simulator", "--port", str(port), "--positions", "0"]
    with subprocess.Popen(simulator, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as starting:
        done = _pin(f"https://127.0.0.1:{port}/v1/api", tmp_path / "x.pem", "--yes", "--wait", "60")
        starting.terminate()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.pem").exists()


def test_nobody_there_is_one_line(tmp_path: Path) -> None:
    done = _pin("https://127.0.0.1:9/v1/api", tmp_path / "x.pem", "--yes")
    assert done.returncode == 2
    assert "Start the gateway and check the address" in done.stderr
    assert "Traceback" not in done.stderr


def test_asking_for_a_gateway_elsewhere_by_hand_is_saying_that_it_is_meant(tmp_path: Path) -> None:
    done = _pin("https://gateway.invalid/v1/api", tmp_path / "x.pem", "--yes")
    assert done.returncode == 2
    assert "Start the gateway and check the address" in done.stderr, "it was looked for"


@pytest.mark.parametrize("url", ["https://localhost:99999/v1/api", "https://localhost:five", "https://[::1"])
def test_an_address_that_is_none_is_one_line(tmp_path: Path, url: str) -> None:
    done = _pin(url, tmp_path / "x.pem", "--yes")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert url in done.stderr


def test_nobody_to_ask_is_a_no(tmp_path: Path) -> None:
    with serve(Options(positions=0)) as running:
        done = _pin(running.url, tmp_path / "x.pem", answer="")
    assert done.returncode == 1
    assert "Nothing was written" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.pem").exists()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with serve(Options(positions=0)) as running:
        done = _pin(running.url, tmp_path / "file" / "x.pem", "--yes")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--out" in done.stderr
