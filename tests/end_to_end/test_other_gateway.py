"""Gateways in other states and of another make: what is said, and what is kept."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

from resources.envelope import Envelope
from resources.lake.resource import Lake
from resources.simulator.options import Options
from resources.simulator.server import serve
from resources.simulator.simulation import Simulation
from tests.crooked import Crooked
from tests.end_to_end.conftest import DAY, EVENING, WATCHED, Night
from tests.nights import FEW, Nights

pytestmark = pytest.mark.slow
PREFIX = "/v1/api"
SMALL = Options(clock=EVENING, positions=3)
SESSION = {
    "/iserver/auth/status": {"authenticated": True, "connected": True, "competing": False, "established": True},
    "/iserver/accounts": {"accounts": ["U9900001"], "selectedAccount": "U9900001"},
    "/tickle": {"session": "0"},
}


def test_when_the_login_lapsed_what_had_landed_is_kept_and_readable(tmp_path: Path) -> None:
    with serve(SMALL) as gateway:
        assert isinstance(gateway.simulation, Simulation)
        nights = Nights(tmp_path, gateway)
        assert nights.materialize("raw/ledger", "ledger", day=DAY).is_success
        before = nights.table("ledger")
        gateway.simulation.session.log_out()
        outcome = nights.materialize("raw/ledger", "ledger", "raw/allocation", "allocation", day=DAY)
    assert (outcome.is_success, outcome.failures) == (True, [])
    assert all("Log in at the gateway's page in a browser" in one.reason for one in outcome.parked)
    assert all("\n" not in one.reason for one in outcome.parked)
    assert sorted(one.dataset for one in outcome.parked) == ["allocation", "ledger"], "one line per landing that waits"
    assert {work.waits_for for work in nights.lake.parked.waiting()} == {"LoginRequired"}
    pd.testing.assert_frame_equal(nights.table("ledger"), before)
    assert len(nights.lake.raw.landings("ledger", DAY)) == 1


def test_a_certificate_that_is_not_the_pinned_one_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with serve(SMALL) as expected, serve(SMALL) as answering:
        nights = Nights(tmp_path, Crooked(answering.url, expected.certificate))
        outcome = nights.materialize("raw/ledger", day=DAY)
    [reason] = outcome.failures
    assert reason.startswith(f"{answering.url}: the certificate is not trusted (")
    assert "python -m resources.gateway pin" in reason
    assert not (tmp_path / "test").exists(), "nothing was landed"


def test_a_plain_gateway_of_another_make_lands_the_same_night_as_real_data(night: Night, tmp_path: Path) -> None:
    with _other_make(night.nights.lake) as gateway:
        nights = Nights(tmp_path, gateway, scope=WATCHED, choices=FEW)
        outcome = nights.run("nightly", DAY)
    assert outcome.is_success, (outcome.failures, outcome.failed_checks)
    assert json.loads(nights.lake.layout.profile_file.read_bytes())["data"] == "real"
    for name in ("positions", "ledger", "nav", "instruments", "bars_1d"):
        recorded, landed = night.nights.table(name), nights.table(name)
        kept = [column for column in recorded.columns if column not in {"run_id", "observed_at"}]
        pd.testing.assert_frame_equal(landed[kept], recorded[kept], check_categorical=False)  # bars come in no order


@contextmanager
def _other_make(lake: Lake) -> Iterator[Crooked]:
    """Answers each request as it was answered in a recording, over plain http, and says nothing of a simulator."""
    recorded: dict[str, Envelope] = {}
    for dataset in (lake.layout.folder / "raw").iterdir():
        for path in lake.raw.files(dataset.name, DAY):
            recorded |= {
                _asked(one.request.method, one.request.path, one.request.query): one for one in lake.raw.read(path)
            }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer("POST")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _answer(self, method: str) -> None:
            url = urlsplit(self.path.removeprefix(PREFIX))
            known = recorded.get(_asked(method, url.path, dict(parse_qsl(url.query))))
            body = known.body if known else json.dumps(SESSION.get(url.path, {"error": "unknown here"})).encode()
            self.send_response_only(200)
            self.send_header("Date", format_datetime(EVENING, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Crooked(f"http://127.0.0.1:{server.server_address[1]}{PREFIX}")
    finally:
        server.shutdown()
        server.server_close()


def _asked(method: str, path: str, query: Mapping[str, str]) -> str:
    return f"{method} {path} {sorted(query.items())}"
