from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from resources.envelope import Request
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY
from tests.assets.made import Made
from tests.nights import Nights

APPLE = 265598
ASKED = Request("GET", "/md/regsnapshot", {"conid": str(APPLE)})
REPLY: dict[str, Any] = {
    "conid": APPLE,
    "conidEx": str(APPLE),
    "sizeMinTick": 1.0,
    "BboExchange": "9c",
    "HasDelayed": False,
    "84": "201.24",
    "86": "201.26",
    "88": 4,
    "85": 13,
    "BestBidExch": 512,
    "BestAskExch": 8,
    "31": "201.25",
    "7059": 2,
    "LastExch": 8,
    "7057": "Q",
    "7068": "ZQ",
    "7058": "D",
}


def _built(folder: Path, reply: Any) -> Made:
    made = Made(folder).land("regulatory_snapshots", (ASKED, reply))
    made.build("regulatory_snapshots")
    return made


def test_prices_are_text_and_sizes_are_numbers(tmp_path: Path) -> None:
    [row] = _built(tmp_path, REPLY).rows("regulatory_snapshots").to_dict("records")
    assert (row["last_price"], row["bid_price"], row["ask_price"]) == (201.25, 201.24, 201.26)
    assert (row["last_size"], row["bid_size"], row["ask_size"]) == (2, 4, 13)
    assert (row["bid_exchanges"], row["bid_exchange_bits"], row["is_delayed"]) == ("ZQ", 512, False)
    assert row["extra"] is None


def test_a_value_that_does_not_exist_has_no_key(tmp_path: Path) -> None:
    [row] = _built(tmp_path, {"conid": APPLE, "31": "201.25"}).rows("regulatory_snapshots").to_dict("records")
    assert (row["last_price"], row["bid_price"], row["is_delayed"]) == (201.25, None, None)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({**REPLY, "conid": 7}, "the reply's shape is not known: the reply is of contract 7, which was not asked for"),
        ([REPLY], "the reply's shape is not known: an object was due"),
        ({**REPLY, "84": "many"}, "bid_price: 84 cannot be read as float"),
        ({"31": "1"}, "conid: conid is missing"),
    ],
)
def test_what_is_of_another_contract_or_cannot_be_read_is_rejected(tmp_path: Path, reply: Any, why: str) -> None:
    built = _built(tmp_path, reply)
    [[reason]] = built.reasons("regulatory_snapshots")
    assert reason.startswith(why)
    assert len(built.rows("regulatory_snapshots")) == 0


@pytest.mark.parametrize(("bid", "count"), [("201.24", 0), ("201.26", 0), ("201.27", 1)])
def test_a_bid_above_the_ask_is_found(tmp_path: Path, bid: str, count: int) -> None:
    verdict = _built(tmp_path, {**REPLY, "84": bid}).verdict("no_regulatory_bid_is_above_its_ask")
    assert verdict.count == count


@pytest.mark.parametrize(("is_there", "rows"), [(True, 1), (False, 0)], ids=["an old gateway", "it is retired"])
def test_only_what_is_watched_is_paid_for_and_a_gateway_that_has_retired_them_is_no_failure(
    tmp_path: Path, is_there: bool, rows: int
) -> None:
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    with serve(Options(clock=evening, positions=5, flavour=Flavour(regsnapshot=is_there))) as gateway:
        nights = Nights(tmp_path, gateway, scope={"watchlist": [str(APPLE), "12345"]})
        outcome = nights.materialize(
            "raw/symbols", "symbols", "raw/regulatory_snapshots", "regulatory_snapshots", day=DAY.isoformat()
        )
        assert gateway.simulation.charges is not None
        bill = gateway.simulation.charges.regsnapshots
    assert outcome.is_success, outcome.failures
    assert outcome.failed_checks == []
    assert len(nights.table("regulatory_snapshots")) == rows == bill
