from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from resources.lake.held_back import Held, HeldBackStore
from resources.lake.layout import Layout

MONDAY = date(2024, 11, 25)
AT = datetime(2024, 11, 26, 1, 2, 3, tzinfo=UTC)
HELD = Held("positions", MONDAY, "20241125T233000Z-01-run.jsonl.gz", "4 rows, where 30 stood")
ROWS = pa.table({"conid": [1, 2]})


@pytest.fixture
def store(tmp_path: Path) -> HeldBackStore:
    return HeldBackStore(Layout(tmp_path / "p"))


def test_what_is_put_aside_waits_until_it_is_released(store: HeldBackStore) -> None:
    assert store.waiting() == []
    store.hold(HELD, ROWS)
    assert store.find("positions", MONDAY) == HELD
    assert store.waiting() == [HELD]
    store.release("positions", MONDAY)
    store.release("positions", MONDAY)
    assert store.find("positions", MONDAY) is None


def test_a_decision_is_of_one_landing_of_one_day_of_one_table_and_survives_what_was_put_aside(
    store: HeldBackStore,
) -> None:
    assert store.accepted_at("positions", MONDAY, HELD.landing) is None
    store.accept(HELD, at=AT)
    assert store.accepted_at("positions", MONDAY, HELD.landing) == AT
    assert store.accepted_at("positions", MONDAY, "another") is None
    assert store.accepted_at("ledger", MONDAY, HELD.landing) is None
    assert store.accepted_at("positions", date(2024, 11, 26), HELD.landing) is None


def test_only_the_owner_can_read_either(store: HeldBackStore) -> None:
    store.hold(HELD, ROWS)
    store.accept(HELD, at=AT)
    files = [path for path in store.layout.folder.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
