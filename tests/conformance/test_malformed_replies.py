"""Whatever a gateway answers: no crash, no loss, no wrong acceptance. Of every endpoint that the code location reads.

Good replies of the simulator are made wrong at random and tables are built of them. No loss: of the records that a good
reply holds none is missed, each is accepted or rejected, or the reply is rejected whole, and nothing that stands in the
place of records vanishes. No wrong acceptance: what is accepted keeps the schema, and differs from the row of the good
reply only by what was made wrong, as it came, or by a null where there may be one.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path as Folder
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.kit.conform import broken_rules
from assets.kit.declare import ByYear, Landing, Table
from assets.kit.fetch import Fetch
from assets.kit.parse import number, whole, zero_is_null
from assets.kit.schema import PROVENANCE, Column
from assets.kit.scope import Scope
from assets.kit.tabulate import build_day, build_years
from pipelines.definitions import declared
from resources.calendar.trading_days import trading_calendar
from resources.envelope import Envelope
from resources.gateway.errors import GatewayError
from resources.gateway.wire import is_good
from resources.lake.resource import Lake
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.conformance.mutations import BODIES, GARBAGE, MARK, Mutation, at, cut, mutations, without
from tests.crooked import Spoil, crooked
from tests.nights import MOST_ACTIVE, Nights
from tests.once import made_once
from tests.resources.gateway.wired import Hours, wired

pytestmark = pytest.mark.slow

FOUND = declared()
LANDINGS = [landing for landing in FOUND.landings if landing.time != "local"]
TABLES = [table for table in FOUND.tables if table.raw in LANDINGS]
DAY = date(2026, 11, 23)
EVENING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
OPTIONS = Options(clock=EVENING, positions=4, flavour=Flavour(regsnapshot=True))
CALENDAR = trading_calendar("XNYS")
SCOPE: dict[str, Any] = {
    "details_requests": 2,
    "watchlist": ["AAPL"],
    "bars_asset_classes": ["STK"],
    "bars_depth_days": 3,
    "options_underlyings": ["AAPL"],
    "options_requests": 3,
    "scanner_runs": [MOST_ACTIVE],
}
OF_THE_WHOLE = {"transaction_windows"}  # its row counts what the reply holds
OF_THE_REPLY = {one.name for one in PROVENANCE}
EXAMPLES = 150  # of all tables together
BOUNDED = settings(
    max_examples=max(5, EXAMPLES // len(TABLES)),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def _named(one: Any) -> str:
    return str(one.name)


@dataclass(frozen=True)
class Built:
    """What became of one reply."""

    rows: pd.DataFrame
    rejected: pd.DataFrame

    @property
    def records(self) -> int:
        return len(self.rows) + len(self.rejected)

    def is_rejected_whole(self, body: bytes) -> bool:
        """Whether the reply itself stands among the rejected, with a reason."""
        whole = self.rejected[self.rejected["record"] == body.decode(errors="replace")]
        return len(whole) == 1 and self.records == 1 and bool(whole["reasons"].iloc[0][0])


class Bench:
    """Good replies of every landing, and a folder to build tables in."""

    def __init__(self, folder: Folder, good: dict[str, list[Envelope]], landed: Lake) -> None:
        self._lake = Lake(root=str(folder), profile="malformed")
        self.good = good
        self.landed = landed
        self.of_good = cache(self._of_good)

    def build(self, table: Table, envelope: Envelope) -> Built:
        """A table of one reply."""
        name, partition = table.raw.name, DAY.isoformat()
        for path in self._lake.raw.files(name, partition):
            path.unlink()
        with self._lake.raw.landing(name, partition, at=EVENING, run_id="malformed") as landing:
            landing.append(envelope)
        if isinstance(table.storage, ByYear):
            for path in self._lake.tables.files(table.name):
                path.unlink()
            build_years(table, [partition], lake=self._lake, calendar=CALENDAR, afresh=True)
        else:
            assert build_day(table, DAY, lake=self._lake) is not None
        return Built(self._read(self._lake.tables.files(table.name)), self._read(self._rejected(table)))

    def _of_good(self, table: Table, place: int) -> Built:
        return self.build(table, self.good[table.raw.name][place])

    def _rejected(self, table: Table) -> list[Folder]:
        return self._lake.tables.rejected_files(table.name)

    def _read(self, files: Any) -> pd.DataFrame:
        return self._lake.tables.read(files) if files else pd.DataFrame({"record": [], "reasons": []})


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with serve(OPTIONS) as running:
        yield running


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Every landing made once, over HTTPS; of a reply that came several times one."""
    landed = Nights(made_once(tmp_path_factory, "good-replies", _land_everything)).lake
    good: dict[str, list[Envelope]] = {}
    for landing in LANDINGS:
        envelopes = [
            envelope
            for path in landed.raw.files(landing.name, DAY.isoformat())
            for envelope in landed.raw.read(path)
            if is_good(envelope) and any(one.answers(envelope.request) for one in landing.endpoints)
        ]
        good[landing.name] = list({envelope.request.key: envelope for envelope in envelopes}.values())
    return Bench(tmp_path_factory.mktemp("malformed"), good, landed)


def _land_everything(folder: Folder) -> None:
    """And build the tables that landings read."""
    needed = {name for landing in LANDINGS for name in landing.needs}
    keys = [*(f"raw/{landing.name}" for landing in LANDINGS), *sorted(needed)]
    with serve(OPTIONS) as gateway:
        Nights(folder, gateway, scope=SCOPE).materialize(*keys, day=DAY.isoformat())


@dataclass(frozen=True)
class Liar:
    """A gateway whose replies of some paths are spoiled; `fetch` is what a landing works with while it asks it."""

    gateway: Running
    url: str
    certificate: Folder | None
    spoiled: dict[str, Spoil]

    @contextmanager
    def fetch(self, landed: Lake, folder: Folder) -> Iterator[Fetch]:
        with wired(self, folder, Hours(self.gateway)) as one:
            yield Fetch(
                gateway=one.client,
                tables=landed.tables,
                raw=landed.raw,
                scope=Scope(**SCOPE),
                calendar=CALENDAR,
                days=(DAY,),
                say=lambda _: None,
                pause=one.hours.sleep,
            )


@pytest.fixture(scope="module")
def liar(gateway: Running) -> Iterator[Liar]:
    spoiled: dict[str, Spoil] = {}
    with crooked(gateway, spoiled) as found:
        yield Liar(gateway, found.url, found.certificate, spoiled)


@pytest.mark.parametrize("table", TABLES, ids=_named)
@BOUNDED
@given(data=st.data())
def test_what_is_wrong_in_a_reply_is_neither_lost_nor_believed(bench: Bench, table: Table, data: st.DataObject) -> None:
    replies = bench.good[table.raw.name]
    assert replies, f"nothing of {table.raw.name} was landed"
    place = data.draw(st.integers(0, len(replies) - 1), label="reply")
    good = orjson.loads(replies[place].body)
    mutation = data.draw(mutations(good), label="mutation")
    envelope = replace(replies[place], body=mutation.body)
    built, before = bench.build(table, envelope), bench.of_good(table, place)
    _assert_schema_holds(table, built)
    if not is_good(envelope):
        assert built.records == 0
    elif not built.is_rejected_whole(envelope.body):
        _assert_nothing_is_lost(bench, table, replies[place], mutation, built, before)
        if table.name not in OF_THE_WHOLE:
            _assert_nothing_is_believed(table, mutation, built, before)


@pytest.mark.parametrize("table", TABLES, ids=_named)
@settings(BOUNDED, max_examples=max(3, EXAMPLES // 3 // len(TABLES)))
@given(data=st.data())
def test_a_reply_that_is_none_gives_no_rows(bench: Bench, table: Table, data: st.DataObject) -> None:
    replies = bench.good[table.raw.name]
    one = data.draw(st.sampled_from(replies), label="reply")
    body = data.draw(st.sampled_from(BODIES) | cut(one.body) | st.binary(max_size=20), label="body")
    envelope = replace(one, body=body)
    built = bench.build(table, envelope)
    assert len(built.rows) == 0
    if is_good(envelope) and orjson.loads(body) not in ([], {}):
        same = [built, *(bench.build(other, envelope) for other in TABLES if other.raw is table.raw)]
        assert any(len(one.rejected) for one in same), "a reply vanished"


@pytest.mark.parametrize("landing", LANDINGS, ids=_named)
@settings(BOUNDED, max_examples=max(3, EXAMPLES // 5 // len(LANDINGS)))
@given(data=st.data())
def test_a_landing_that_is_answered_wrongly_ends_or_says_what_is_wrong(
    bench: Bench, liar: Liar, landing: Landing, data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(bench.good[landing.name]), label="reply")
    bent = mutations(orjson.loads(one.body)).map(lambda mutation: mutation.body)
    body = data.draw(bent | st.sampled_from(BODIES) | cut(one.body), label="body")
    liar.spoiled.clear()
    liar.spoiled[one.request.path] = lambda _: (200, body)
    with TemporaryDirectory() as folder, liar.fetch(bench.landed, Folder(folder)) as fetch:
        try:
            list(landing.fetch(fetch))
        except GatewayError as error:
            told = str(error)
        else:
            told = "It ended."
    assert told.endswith((".", "?"))


def _assert_schema_holds(table: Table, built: Built) -> None:
    if len(built.rows):
        assert [reason for _, reason in broken_rules(table.row, built.rows)] == []
    assert all(len(reasons) for reasons in built.rejected["reasons"])


def _assert_nothing_is_lost(
    bench: Bench, table: Table, good: Envelope, mutation: Mutation, built: Built, before: Built
) -> None:
    """Records may be missing only where they were taken out, or none is left in their place."""
    if before.records == 0:  # another table of the same landing reads it
        return
    if not mutation.path:
        assert built.records == 0
        is_seen = any(
            len(bench.build(other, replace(good, body=mutation.body)).rejected)
            for other in TABLES
            if other.raw is table.raw
        )
        assert is_seen or mutation.value in ([], {}), "what stands in the place of a reply vanished"
        return
    if built.records >= before.records and mutation.value in (None, [], {}):
        return
    is_value = not isinstance(at(orjson.loads(good.body), mutation.path), dict | list)
    if is_value and isinstance(mutation.path[-1], str) and mutation.how != "dropped":
        assert built.records >= before.records, "a value that is wrong made records vanish"
    rest = bench.build(table, replace(good, body=orjson.dumps(without(orjson.loads(good.body), mutation.path))))
    left = 0 if len(rest.rejected) else rest.records
    if mutation.how == "dropped" or left >= before.records:
        assert built.records >= min(left, before.records)
        return
    assert built.records >= left
    if mutation.how == "put" and mutation.value not in (None, [], {}):
        assert built.records > left, f"{mutation.value!r} stands in the place of records, and vanished"


def _assert_nothing_is_believed(table: Table, mutation: Mutation, built: Built, before: Built) -> None:
    """Every row is one of the good reply's, but for what was made wrong."""
    columns = [one for one in table.row.columns if one.name not in OF_THE_REPLY]
    names = [one.name for one in columns]
    known = before.rows[names].astype(object).to_dict("records") if len(before.rows) else []
    unchanged = {str(was) for was in known}
    for row in built.rows[names].astype(object).to_dict("records") if len(built.rows) else []:
        assert str(row) in unchanged or any(
            all(_is_told(one, row[one.name], was[one.name], mutation) for one in columns) for was in known
        ), f"{row} is of no record"


def _is_told(one: Column, value: Any, was: Any, mutation: Mutation) -> bool:
    """Whether a value is what a good reply told, or what stands there now, or is missing where it may be."""
    if _equal(value, was):
        return True
    if pd.isna(value):
        return one.is_nullable
    if one.kind is str:
        is_in_a_list = any(isinstance(part, int) for part in mutation.path[1:])  # texts may be joined
        return str(value) in str(mutation.value) or MARK in str(value) or mutation.how != "put" or is_in_a_list
    if mutation.how == "put" and one.derive is None and one.parse in {number, whole, zero_is_null}:
        return bool(_number(mutation.value) == value)
    told = [mutation.value, *(mutation.value if isinstance(mutation.value, list) else ())]
    return mutation.how != "dropped" and not any(_is_garbage(each) for each in told)


def _equal(value: Any, was: Any) -> bool:
    if pd.isna(value) or pd.isna(was):
        return bool(pd.isna(value) and pd.isna(was))
    return bool(value == was or (isinstance(value, float) and math.isclose(value, was)))


def _number(value: Any) -> float:
    try:
        return float(str(value).replace(",", ""))
    except ValueError:
        return math.nan


def _is_garbage(value: Any) -> bool:
    return any(value == one and type(value) is type(one) for one in GARBAGE)
