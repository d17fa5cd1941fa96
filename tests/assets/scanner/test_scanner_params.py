from pathlib import Path
from typing import Any

import pytest

from assets.kit.scope import ScannerRun
from resources.envelope import Request
from resources.simulator.shapes.scanner import parameters
from tests.assets.made import Made

ASKED = Request("GET", "/iserver/scanner/params", {})
NAME = "configured_scans_use_codes_that_exist"
REPLY: dict[str, Any] = {
    "scan_type_list": [
        {"display_name": "Top % Gainers", "code": "TOP_PERC_GAIN", "instruments": ["STK", "FUT.US"]},
        {"display_name": "Most Active", "code": "MOST_ACTIVE", "instruments": ["FUT.US"]},
    ],
    "instrument_list": [
        {"display_name": "US Stocks", "type": "STK", "filters": []},
        {"display_name": "US Futures", "type": "FUT.US", "filters": ["price", "volume"]},
    ],
    "filter_list": [
        {"group": "prices", "display_name": "Price Above", "code": "priceAbove", "type": "non-range"},
        {
            "group": "h",
            "display_name": "Halted",
            "code": "haltedIs",
            "combo_values": [{"default": True}],
            "type": "combo",
        },
    ],
    "location_tree": [
        {
            "display_name": "US Stocks",
            "type": "STK",
            "locations": [
                {
                    "display_name": "Listed",
                    "type": "STK.US.MAJOR",
                    "locations": [{"display_name": "NYSE", "type": "STK.NYSE", "locations": None}],
                },
                {"display_name": "OTC", "type": "STK.US.MINOR", "locations": []},
            ],
        },
        {"display_name": "US Futures", "type": "FUT.US"},
    ],
}
COLUMNS = ["kind", "code", "display_name", "parent", "applies_to", "value_type"]


def _built(folder: Path, reply: Any = REPLY, **scope: Any) -> Made:
    made = Made(folder, **scope).land("scanner_params", (ASKED, reply))
    made.build("scanner_params")
    return made


def _scan(**changed: Any) -> ScannerRun:
    right: dict[str, Any] = {"instrument": "STK", "location": "STK.US.MAJOR", "type": "TOP_PERC_GAIN"}
    return ScannerRun(**{"name": "gainers", "filters": {"priceAbove": 5}, **right, **changed})


def test_the_four_lists_are_rows_of_one_table_and_the_tree_may_end_in_an_empty_list_a_null_or_nothing(
    tmp_path: Path,
) -> None:
    rows = _built(tmp_path).rows("scanner_params")
    assert rows[COLUMNS].values.tolist() == [
        ["filter", "haltedIs", "Halted", "h", None, "combo"],
        ["filter", "priceAbove", "Price Above", "prices", None, "non-range"],
        ["instrument", "FUT.US", "US Futures", None, "price,volume", None],
        ["instrument", "STK", "US Stocks", None, None, None],
        ["location", "FUT.US", "US Futures", None, "FUT.US", None],
        ["location", "STK", "US Stocks", None, "STK", None],
        ["location", "STK.NYSE", "NYSE", "STK.US.MAJOR", "STK", None],
        ["location", "STK.US.MAJOR", "Listed", "STK", "STK", None],
        ["location", "STK.US.MINOR", "OTC", "STK", "STK", None],
        ["scan_type", "MOST_ACTIVE", "Most Active", None, "FUT.US", None],
        ["scan_type", "TOP_PERC_GAIN", "Top % Gainers", None, "STK,FUT.US", None],
    ]
    assert not rows["extra"].any()


def test_what_the_simulator_tells_is_read_whole_with_unique_codes(tmp_path: Path) -> None:
    built = _built(tmp_path, parameters())
    assert built.reasons("scanner_params") == []
    assert built.generated("scanner_params", "key_is_unique").has_passed
    assert set(built.rows("scanner_params")["kind"]) == {"scan_type", "instrument", "filter", "location"}


def test_an_entry_without_a_code_is_rejected_alone_and_a_new_field_is_kept(tmp_path: Path) -> None:
    bad = {**REPLY, "filter_list": [{"display_name": "Nameless", "type": "range"}, {"code": "x", "colour": "red"}]}
    built = _built(tmp_path, bad)
    assert built.reasons("scanner_params") == [["code: code is missing"]]
    rows = built.rows("scanner_params")
    assert rows[rows["code"] == "x"]["extra"].tolist() == ['{"colour":"red"}']


@pytest.mark.parametrize("strange", [[], {"scan_type_list": []}, {**REPLY, "location_tree": {}}, "no parameters"])
def test_a_reply_of_another_shape_is_rejected_whole(tmp_path: Path, strange: Any) -> None:
    built = _built(tmp_path, strange)
    [[why]] = built.reasons("scanner_params")
    assert why.startswith("the reply's shape is not known")
    assert len(built.rows("scanner_params")) == 0


@pytest.mark.parametrize("runs", [[], [_scan()], [_scan(filters={}), _scan(name="futures", instrument="FUT.US")]])
def test_scans_of_codes_that_exist_pass(tmp_path: Path, runs: list[ScannerRun]) -> None:
    assert _built(tmp_path, scanner_runs=runs).verdict(NAME).has_passed


@pytest.mark.parametrize(
    ("changed", "kind", "wrong", "nearest"),
    [
        ({"type": "TOP_PERC_GIAN"}, "scan_type", "TOP_PERC_GIAN", "TOP_PERC_GAIN"),
        ({"location": "STK.US.MAYOR"}, "location", "STK.US.MAYOR", "STK.US.MAJOR"),
        ({"filters": {"pricesAbove": 5}}, "filter", "pricesAbove", "priceAbove"),
        ({"instrument": "STOCK"}, "instrument", "STOCK", "STK"),
        ({"location": "it's"}, "location", "it's", ""),
    ],
)
def test_a_code_that_does_not_exist_is_named_with_the_nearest_right_ones(
    tmp_path: Path, changed: dict[str, Any], kind: str, wrong: str, nearest: str
) -> None:
    verdict = _built(tmp_path, scanner_runs=[_scan(**changed)]).verdict(NAME)
    offender = verdict.offenders[0]
    assert (offender["scan"], offender["kind"], offender["wrong_code"]) == ("gainers", kind, wrong)
    assert nearest in offender["nearest"].split(", ")[0]


def test_a_scan_type_that_is_not_for_the_instrument_is_named_with_what_it_is_for(tmp_path: Path) -> None:
    [offender] = _built(tmp_path, scanner_runs=[_scan(type="MOST_ACTIVE")]).verdict(NAME).offenders
    assert (offender["problem"], offender["nearest"]) == ("it is not for instrument STK", "FUT.US")
