import gzip
import json
from base64 import b64encode
from pathlib import Path

import pytest

from resources.simulator.replay.recording import RecordingError, key, read

Envelope = dict[str, object]


def envelope(
    path: str, body: str = "{}", at: str = "2026-11-24T23:30:00+00:00", request: Envelope | None = None, **more: object
) -> Envelope:
    asked = {"method": "GET", "path": path, "query": {}, "body": None, **(request or {})}
    return {"request": asked, "status": 200, "headers": {}, "body": body, "received_at": at, "run_id": "r"} | more


def lines(*envelopes: Envelope) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in envelopes)


def test_every_file_of_every_folder_is_read_oldest_reply_first(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "b.jsonl").write_bytes(lines(envelope("/b", at="2026-11-24T23:32:00Z")))
    (tmp_path / "deep" / "a.jsonl.gz").write_bytes(gzip.compress(lines(envelope("/a", at="2026-11-24T23:31:00+00:00"))))
    (tmp_path / "deep" / "er" / "c.json").write_text(json.dumps([envelope("/c", at="2026-11-24T18:30:00-05:00")]))
    (tmp_path / "note.txt").write_text("not a recording")
    assert [exchange.key[1] for exchange in read(tmp_path)] == ["/c", "/a", "/b"]


def test_a_record_that_nobody_was_asked_for_is_no_exchange(tmp_path: Path) -> None:
    record = envelope("/calls", at="2026-11-27T12:00:00Z", request={"method": "LOCAL"})
    (tmp_path / "a.jsonl").write_bytes(lines(record, envelope("/a")))
    assert [exchange.key[1] for exchange in read(tmp_path)] == ["/a"]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_of_a_file_cut_by_a_crash_everything_before_the_cut_is_read(tmp_path: Path, cut: int) -> None:
    whole = [gzip.compress(lines(envelope(f"/{number}"))) for number in range(3)]
    (tmp_path / "a.jsonl.gz").write_bytes(b"".join(whole)[:-cut])
    found = [exchange.key[1] for exchange in read(tmp_path)]
    assert found[:2] == ["/0", "/1"]


def test_a_line_cut_in_half_ends_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(envelope("/a"), envelope("/b"))[:-9])
    assert [exchange.key[1] for exchange in read(tmp_path)] == ["/a"]


def test_one_long_gzip_member_without_its_end_is_read(tmp_path: Path) -> None:
    text = lines(*(envelope(f"/{number}", body="x" * number) for number in range(500)))
    packed = gzip.compress(text)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    assert 50 < len(read(tmp_path)) < 500


def test_bytes_that_are_no_text_come_back_as_they_were(tmp_path: Path) -> None:
    odd = b"\xff\xfe\x00"
    (tmp_path / "a.jsonl").write_bytes(
        lines(envelope("/a", body=b64encode(odd).decode(), body_encoding="base64"), envelope("/b", body="é"))
    )
    assert [exchange.body for exchange in read(tmp_path)] == [odd, "é".encode()]


def test_things_that_are_no_envelope_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        lines({"hello": 1}, envelope("/a", at="yesterday"), envelope("/b", status="200"), envelope("/c"))
    )
    assert [exchange.key[1] for exchange in read(tmp_path)] == ["/c"]


def test_requests_are_the_same_when_only_their_writing_differs(tmp_path: Path) -> None:
    asked: Envelope = {
        "method": "POST",
        "path": "/x",
        "query": {"b": 1, "a": True, "c": ["2", "1"]},
        "body": {"k": 1, "j": [2]},
    }
    (tmp_path / "a.jsonl").write_bytes(lines(envelope("/x", request=asked)))
    [exchange] = read(tmp_path)
    query = [("c", "1"), ("a", "true"), ("c", "2"), ("b", "1")]
    assert exchange.key == key("post", "/v1/api/x", query, b'{"j": [2], "k": 1}')
    assert key("GET", "/v1/portal/x/", [], b"") == key("GET", "/x/", [], b"") == key("GET", "/x", [], b"")
    assert key("POST", "/x", [], b"") == key("POST", "/x", [], b"{}") != key("POST", "/x", [], b"[1]")


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_with_nothing_to_replay_is_told_in_one_line(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "recorded"
    if make:
        folder.mkdir()
    with pytest.raises(RecordingError, match=f"replay {folder}: "):
        read(folder)
