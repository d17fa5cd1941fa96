from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.kit.availability import TIMELINESS
from assets.market.quotes import FIELDS
from resources.envelope import Request
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import serve
from resources.simulator.simulation import Simulation
from tests.assets.bent import DAY
from tests.assets.made import EVENING, Made
from tests.nights import Nights

pytestmark = pytest.mark.slow

CONIDS = (11, 22, 33)
ASKED = Request("GET", "/iserver/marketdata/snapshot", {"conids": "11,22,33", "fields": ",".join(FIELDS)})
LATER = timedelta(seconds=1)


def _bare(conid: int) -> dict[str, Any]:
    return {"conid": conid, "conidEx": str(conid)}


def _row(conid: int, **fields: Any) -> dict[str, Any]:
    """A warm row; fields as `f31="1"`, since a wire name is a number."""
    about = {"server_id": "q0", "6119": "q0", "6508": "&serviceID1=122", "6509": "RpB", "_updated": 1775136661234}
    return {**_bare(conid), **about, **{name.removeprefix("f"): value for name, value in fields.items()}}


def _built(folder: Path, *replies: Any) -> Made:
    """The table of several looks at the same contracts."""
    told = [(ASKED, reply, EVENING + place * LATER) for place, reply in enumerate(replies)]
    return Made(folder).land("quotes", *told).build("quotes")  # type: ignore[return-value]


def _rows(folder: Path, *replies: Any) -> list[dict[str, Any]]:
    rows = _built(folder, *replies).rows("quotes").to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def test_no_more_fields_are_asked_for_than_one_request_takes() -> None:
    assert len(FIELDS) <= 50
    assert {"31", "84", "86", "88", "85", "6509"} <= set(FIELDS)


def test_each_field_is_read_as_what_it_is_and_88_is_the_size_of_the_bid(tmp_path: Path) -> None:
    told = {"f31": "201.25", "f84": "201.24", "f86": "201.26", "f85": "1,300", "f88": "400", "f87": "12.4M"}
    more = {"f7762": "12410233", "f83": "0.54%", "f7289": "3.1T", "f7283": "23.5%", "f7644": "Shortable", "f55": "A"}
    [row] = _rows(tmp_path, [_row(11, **told, **more)])
    assert (row["last_price"], row["bid_price"], row["ask_price"]) == (201.25, 201.24, 201.26)
    assert (row["bid_size"], row["ask_size"]) == (400, 1300)
    assert (row["volume"], row["rounded_volume"], row["market_capitalization"]) == (12_410_233, 12_400_000, 3.1e12)
    assert (row["change_percent"], row["implied_volatility"], row["shortable"]) == (0.54, 23.5, "Shortable")
    assert row["updated_at"] == datetime(2026, 4, 2, 13, 31, 1, 234000, tzinfo=UTC)
    assert (row["delta"], row["open_price"], row["extra"]) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("193.18", (193.18, False, False)),
        ("C193.18", (193.18, True, False)),
        ("H1,193.18", (1193.18, False, True)),
        (None, (None, None, None)),
    ],
)
def test_a_letter_before_the_last_price_says_that_it_is_a_close_or_that_trading_is_halted(
    tmp_path: Path, text: str | None, meaning: tuple[Any, ...]
) -> None:
    [row] = _rows(tmp_path, [_row(11, f31=text) if text else _row(11)])
    assert (row["last_price"], row["is_closing_price"], row["is_halted"]) == meaning


def test_a_price_after_another_letter_is_not_guessed(tmp_path: Path) -> None:
    built = _built(tmp_path, [_row(11, f31="X193.18"), _row(22, f31="1")])
    assert built.reasons("quotes") == [["last_price: 31 cannot be read as float"]]
    assert built.rows("quotes")["conid"].tolist() == [22]


def test_what_a_later_look_leaves_out_is_as_an_earlier_one_told_and_the_newer_value_stands(tmp_path: Path) -> None:
    first = [_bare(11), _bare(22)]
    second = [_row(22, f31="5"), _row(11, f31="1", f84="0.9", f7308="0.5")]
    third = [_row(11, f31="2", f86="2.1")]
    rows = _rows(tmp_path, first, second, third)
    names = ["conid", "last_price", "bid_price", "ask_price", "delta"]
    assert [[row[name] for name in names] for row in rows] == [[11, 2.0, 0.9, 2.1, 0.5], [22, 5.0, None, None, None]]
    assert {row["observed_at"] for row in rows} == {EVENING + 2 * LATER}


def test_a_row_that_stayed_cold_is_a_row_without_values(tmp_path: Path) -> None:
    [row] = _rows(tmp_path, [_bare(11)])
    assert (row["conid"], row["availability"], row["last_price"]) == (11, None, None)


def test_looks_during_the_day_are_rows_of_its_partition(tmp_path: Path) -> None:
    made = Made(tmp_path)
    for hour in (0, 3):
        at = EVENING - timedelta(hours=hour)
        made.land("quotes", (ASKED, [_bare(11)], at - LATER), (ASKED, [_row(11)], at), at=at, run_id=f"run-{hour}")
    rows = made.build("quotes").rows("quotes")
    assert rows["observed_at"].tolist() == [EVENING - timedelta(hours=3), EVENING]
    assert made.generated("quotes", "key_is_unique").has_passed


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ([_row(11), _row(99)], "the reply is of contract 99, which was not asked for"),
        ({"conid": 11}, "a list was due"),
        ([11], "an object was due"),
    ],
)
def test_a_reply_of_other_contracts_or_of_another_shape_is_rejected_whole(tmp_path: Path, reply: Any, why: str) -> None:
    built = _built(tmp_path, reply)
    [[reason]] = built.reasons("quotes")
    assert why in reason
    assert len(built.rows("quotes")) == 0


@pytest.mark.parametrize(("letter", "meaning"), TIMELINESS.items())
def test_each_letter_of_the_availability_code_has_a_meaning(tmp_path: Path, letter: str, meaning: str) -> None:
    built = _built(tmp_path, [_row(11, f6509=f"{letter}PB")])
    [row] = built.rows("quotes").to_dict("records")
    assert (row["timeliness"], row["is_consolidated"]) == (meaning, False)
    assert built.verdict("availability_is_understood").has_passed


@pytest.mark.parametrize("code", ["X", "RqB", "R?", "BpR", "", "RpBBd"])
def test_a_code_with_an_unknown_letter_is_kept_and_found(tmp_path: Path, code: str) -> None:
    built = _built(tmp_path, [_row(11, f6509=code, f31="7"), _row(22)])
    assert built.rows("quotes")["availability"].tolist() == [code or None, "RpB"]
    assert built.verdict("availability_is_understood").count == bool(code)


@pytest.mark.parametrize(("fields", "count"), [({}, 0), ({"f31": "7"}, 1), ({"f84": "7"}, 1), ({"f7762": "7"}, 0)])
def test_what_is_not_subscribed_has_no_price(tmp_path: Path, fields: dict[str, Any], count: int) -> None:
    built = _built(tmp_path, [_row(11, f6509="N", **fields), _row(22, f31="7")])
    assert built.verdict("what_is_not_subscribed_has_no_price").count == count


@pytest.mark.parametrize(("bid", "count"), [("0.99", 0), ("1", 0), ("1.01", 1)])
def test_a_bid_above_the_ask_is_found(tmp_path: Path, bid: str, count: int) -> None:
    built = _built(tmp_path, [_row(11, f84=bid, f86="1"), _row(22, f84="5")])
    assert built.verdict("no_bid_is_above_its_ask").count == count


@pytest.mark.parametrize(
    ("last", "problems"),
    [
        ([_row(33), _row(11), _row(22)], []),
        ([_row(33), _row(22)], ["contract 11 was asked for, and has no row"]),
        ([_row(33), _bare(11), _row(22)], ["contract 11 was asked for 2 times, and its row stayed empty"]),
    ],
)
def test_contracts_are_matched_by_id_and_the_missing_ones_named(
    tmp_path: Path, last: list[Any], problems: list[str]
) -> None:
    verdict = _built(tmp_path, [_bare(22)], last).verdict("every_contract_asked_for_was_told")
    assert [one["problem"] for one in verdict.offenders] == problems


def test_each_hundred_is_asked_until_it_is_told_and_gives_its_lines_back_and_underlyings_are_searched_if_need_be(
    tmp_path: Path,
) -> None:
    with serve(Options(clock=EVENING, positions=120, flavour=Flavour(snapshot_needs_search=True))) as gateway:
        assert isinstance(gateway.simulation, Simulation)
        assert gateway.simulation.limiter is not None
        nights = Nights(tmp_path, gateway, scope={"watchlist": ["AAPL"]})
        night = nights.materialize(
            *("raw/positions", "positions", "raw/symbols", "symbols", "raw/quotes", "quotes"), day=DAY.isoformat()
        )
        assert not gateway.simulation.subscriptions.lines
        gateway.control.advance(timedelta(minutes=1))
        again = nights.materialize("raw/quotes", "quotes", day=DAY.isoformat())
        assert not gateway.simulation.limiter.offences
    assert night.failures == again.failures == []
    assert (night.failed_checks, again.failed_checks) == ([], [])
    asked = [len(list(nights.lake.raw.read(path))) for path in nights.lake.raw.landings("quotes", DAY.isoformat())]
    assert asked[-1] == 10, "two hundreds: four looks each, and the lines given back"
    quotes, held = nights.table("quotes"), nights.table("positions")
    assert quotes.groupby("observed_at")["conid"].nunique().sum() == len(quotes)
    assert set(held["conid"]) < set(quotes["conid"])
    options = quotes[quotes["asset_class"] == "OPT"]
    assert options["delta"].notna().all()
    assert len(options)
    priced = quotes[quotes["timeliness"] != "not subscribed"]
    assert priced["last_price"].notna().all()
