from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.columnar import Columnar, read_together
from assets.kit.tabulate import build_years
from assets.market.bars_1d import HISTORY, DailyBar
from resources.envelope import Envelope
from resources.gateway.endpoint import Page
from resources.gateway.errors import GatewayError
from tests.assets.bent import DAY, TABLES
from tests.assets.made import Made

FIELDS = ("o", "c", "h", "l", "v", "t")
BAR = '{"o":1.5,"c":2,"h":2.5,"l":1.25,"v":100,"t":1700000000000}'
NUMBERS = st.one_of(
    st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([2**53 + 1, 2**63, 1e22])
)
RECORDS = st.lists(st.fixed_dictionaries({name: NUMBERS if name != "t" else st.integers(0, 2**62) for name in FIELDS}))
PIECES = ["{", "}", "},{", "}{", "} {", "}\n{", "[", "]", "}]", ",", '"', "\\", "-0", "NaN", " ", "null", "0", "o", "e"]


def _page(body: str | bytes, status: int = 200) -> Page:
    content = body if isinstance(body, bytes) else body.encode()
    request = HISTORY.request(query={"conid": 1, "bar": "1d"})
    return Page(HISTORY, Envelope(request, status, {}, content, datetime(2026, 11, 23, 23, tzinfo=UTC), "run-1"))


def _reply(*bars: str, **others: Any) -> str:
    rest = orjson.dumps({"symbol": "AAPL", **others}).decode()
    return rest[:-1] + ',"data":[' + ",".join(bars) + "]}"


def _told(page: Page) -> Any:
    """A reply as plain values; of one that is none the kind of error."""
    try:
        reply = page.json
    except GatewayError as error:
        return type(error)
    if isinstance(reply, dict) and isinstance(reply.get("data"), Columnar):
        return {**reply, "data": list(reply["data"])}
    return reply


def _as_declared(bar: dict[str, Any]) -> dict[str, Any]:
    """A bar with its numbers as the table has them: whole ones beyond 2^53 are not the same."""
    return {name: value if name == "t" else float(value) for name, value in bar.items()}


def _is_columnar(page: Page) -> bool:
    return isinstance(page.json, dict) and isinstance(page.json["data"], Columnar)


@given(st.lists(RECORDS, max_size=4))
def test_replies_that_are_read_together_tell_the_same_as_one_by_one(replies: list[list[dict[str, Any]]]) -> None:
    bodies = [orjson.dumps({"symbol": "AAPL", "data": records, "points": len(records)}) for records in replies]
    pages = [_page(body) for body in bodies]
    read_together(pages, "data", DailyBar)
    told = [orjson.loads(body)["data"] for body in bodies]
    read = [[_as_declared(bar) for bar in page.json["data"]] for page in pages]
    assert read == [[_as_declared(bar) for bar in bars] for bars in told]


@given(
    where=st.integers(0, 200),
    piece=st.sampled_from(PIECES),
    length=st.integers(0, 3),
    order=st.permutations(["0", "1"]),
)
def test_whatever_is_wrong_with_one_reply_all_tell_what_they_tell_one_by_one(
    where: int, piece: str, length: int, order: list[str]
) -> None:
    """Anything put at any place of a reply, or in the place of what is there."""
    sound = _reply(BAR, BAR)
    bent = sound[:where] + piece + sound[where + length :]
    bodies = [bent if one == "0" else sound for one in order]
    pages = [_page(body) for body in bodies]
    read_together(pages, "data", DailyBar)
    assert [_told(page) for page in pages] == [_told(_page(body)) for body in bodies]


def test_replies_of_plain_numbers_are_held_as_columns_whatever_else_they_say() -> None:
    pages = [
        _page(_reply(BAR, BAR)),
        _page(_reply(symbol='a "data":[{"o":1}] of it', data_of={"rows": [{"o": 1}]})),
        _page(_reply(BAR, volumeFactor=100)),
    ]
    read_together(pages, "data", DailyBar)
    assert [_is_columnar(page) for page in pages] == [True, False, True], "the one in the middle has no bars"
    assert [len(page.json["data"]) for page in pages] == [2, 0, 1]
    assert pages[2].json["volumeFactor"] == 100


@pytest.mark.parametrize(
    "bar",
    [
        BAR.replace("1.5", '"1.5"'),
        BAR.replace("1.5", "null"),
        BAR.replace("1.5", "true"),
        BAR.replace("1.5", "[1.5]"),
        BAR.replace("1.5", "-0"),
        BAR.replace('"o":1.5,', ""),
        BAR.replace('"o"', '"w"'),
        BAR.replace('"o":1.5,', '"o":1.5,"new":1,'),
        BAR.replace("1700000000000", "1.7e12"),
        BAR.replace("1700000000000", "9223372036854775808"),
    ],
)
def test_what_is_not_a_number_under_a_known_name_leaves_replies_as_they_came(bar: str) -> None:
    for bodies in ([_reply(BAR), _reply(BAR, bar)], [_reply(bar, BAR), _reply(BAR)]):
        pages = [_page(body) for body in bodies]
        read_together(pages, "data", DailyBar)
        assert not any(map(_is_columnar, pages))
        assert [page.json for page in pages] == [orjson.loads(body) for body in bodies]


def test_an_array_of_the_same_name_deeper_in_a_reply_is_not_taken_for_it() -> None:
    deeper = '{"other":{"data":[' + BAR + ']},"data":[' + BAR + "]}"
    only = '{"other":{"data":[' + BAR + "]}}"
    pages = [_page(deeper), _page(only)]
    read_together(pages, "data", DailyBar)
    assert [_told(page) for page in pages] == [orjson.loads(deeper), orjson.loads(only)]


def test_replies_that_are_refusals_stay_so() -> None:
    pages = [_page(_reply(BAR), status=500), _page(_reply(BAR, error="no bridge")), _page("")]
    bare = [_told(replace(page)) for page in pages]
    read_together(pages, "data", DailyBar)
    assert [_told(page) for page in pages] == bare


@pytest.mark.parametrize("odd", ["", "null", '"1,300"'], ids=["as declared", "a gap", "a number as text"])
def test_a_table_has_the_same_rows_and_rejects_the_same_records_however_its_replies_were_read(
    tmp_path: Path, odd: str
) -> None:
    upside_down = BAR.replace('"l":1.25', '"l":3').replace("1700000000000", "1700086400000")
    told = BAR.replace("100", odd or "7").replace("1700000000000", "1699963800000")
    request = HISTORY.request(query={"conid": 265598, "bar": "1d", "period": "3d"})
    reply = _reply(told, BAR, upside_down, barLength=86_400, volumeFactor=100).encode()
    built = {}
    for columnar in ("data", None):
        made = Made(tmp_path / str(columnar)).land("bars_1d", (request, reply))
        table = replace(TABLES["bars_1d"], columnar=columnar)
        build_years(table, [DAY.isoformat()], lake=made.lake, calendar=made.scope.calendar, afresh=True)
        files = made.lake.tables.rejected_files("bars_1d")
        rejected = made.lake.tables.read(files)[["record", "reasons"]].astype(str).to_dict("records")
        built[columnar] = made.rows("bars_1d").to_dict("records"), rejected
    assert built["data"] == built[None]
    accepted, rejected = built["data"]
    assert len(rejected) == (2 if odd == "null" else 1)
    assert orjson.loads(rejected[-1]["record"]) == orjson.loads(upside_down), "as it came"
    assert len(accepted) == 3 - len(rejected)
