from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from resources.simulator.options import Options, build
from resources.simulator.replay.recording import read
from resources.simulator.replay.replay import Replay
from tests.resources.simulator.conftest import Caller, Desk, Hand, make_desk
from tests.resources.simulator.replay.test_recording import envelope, lines


@pytest.fixture
def client(tmp_path: Path) -> Caller:
    (tmp_path / "a.jsonl").write_bytes(
        lines(
            envelope("/portfolio/U9900007/ledger", '{"n":2}', "2026-11-24T23:31:00Z"),
            envelope("/portfolio/U9900007/ledger", '{"n":1}', "2026-11-24T23:30:00Z"),
            envelope("/portfolio/U9900007/positions/0", "", "2026-11-24T23:32:00Z", status=503),
            envelope(
                "/pa/performance",
                '{"p":1}',
                request={
                    "method": "POST",
                    "path": "/pa/performance",
                    "body": {"acctIds": ["U9900008"], "period": "1Y"},
                },
            ),
            envelope(
                "/trsrv/secdef", "<b>", headers={"Content-Type": "text/html"}, request={"query": {"conids": "1,2"}}
            ),
        )
    )
    return replaying(tmp_path)


def replaying(folder: Path) -> Caller:
    return Caller(build(Options(replay=folder), real=Hand(), present=lambda: datetime.now(UTC))[1])


def test_replies_come_in_their_order_and_the_last_one_for_ever(client: Caller) -> None:
    assert [client.get("/portfolio/U9900007/ledger").json["n"] for _ in range(4)] == [1, 2, 2, 2]


def test_status_body_and_content_type_are_the_recorded_ones(client: Caller) -> None:
    failed = client.get("/portfolio/U9900007/positions/0")
    page = client.get("/trsrv/secdef", conids="1,2")
    assert (failed.status, failed.body) == (503, b"")
    assert (page.body, page.headers["content-type"]) == (b"<b>", "text/html")


def test_query_and_body_are_part_of_the_request(client: Caller) -> None:
    assert client.post("/pa/performance", {"period": "1Y", "acctIds": ["U9900008"]}).json == {"p": 1}
    assert client.post("/pa/performance", {"period": "1M", "acctIds": ["U9900008"]}).status == 404
    assert client.get("/trsrv/secdef", conids="1").status == 404


def test_what_was_not_recorded_is_named(client: Caller) -> None:
    answer = client.get("/iserver/marketdata/history", conid="1", period="5d")
    assert answer.status == 404
    assert answer.json == {"error": "not recorded: GET /iserver/marketdata/history?conid=1&period=5d"}


def test_the_session_around_a_recording_is_healthy_and_knows_its_accounts(client: Caller) -> None:
    assert client.post("/iserver/auth/status").json["authenticated"] is True
    assert client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True}).json["authenticated"] is True
    assert client.get("/sso/validate").json["RESULT"] is True
    assert client.post("/tickle").json["iserver"]["authStatus"]["connected"] is True
    assert client.get("/iserver/accounts").json["accounts"] == ["U9900007", "U9900008", "All"]
    assert [row["id"] for row in client.get("/portfolio/accounts").json] == ["U9900007", "U9900008"]


def test_the_clock_starts_at_the_newest_reply_unless_told_otherwise(tmp_path: Path, client: Caller) -> None:
    assert parsedate_to_datetime(client.get("/tickle").headers["date"]) == datetime(2026, 11, 24, 23, 32, tzinfo=UTC)
    other = datetime(2026, 1, 5, tzinfo=UTC)
    simulation, _ = build(Options(replay=tmp_path, clock=other), real=Hand(), present=lambda: other)
    assert simulation.clock.now() == other


def test_a_recorded_night_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    night: Desk = make_desk(positions=120)
    paths = [
        "/iserver/accounts",
        "/portfolio/accounts",
        "/portfolio/U9900001/positions/0",
        "/portfolio/U9900001/positions/0",
        "/portfolio/U9900001/positions/1",
        "/portfolio/U9900001/ledger",
    ]
    recorded = [night.client.get(path) for path in paths]
    (tmp_path / "night.jsonl").write_bytes(
        lines(
            *(
                envelope(path, answer.body.decode(), f"2026-11-24T23:30:{number:02d}Z", headers=answer.headers)
                for number, (path, answer) in enumerate(zip(paths, recorded, strict=True))
            )
        )
    )
    client = replaying(tmp_path)
    assert [client.get(path).body for path in paths] == [answer.body for answer in recorded]


def test_a_recording_without_accounts_still_has_a_session(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(envelope("/iserver/scanner/params")))
    [exchange] = read(tmp_path)
    assert exchange.status == 200
    simulation, _ = build(Options(replay=tmp_path), real=Hand(), present=lambda: datetime.now(UTC))
    assert isinstance(simulation, Replay)
    assert simulation.account_ids == ["U9900001"]
