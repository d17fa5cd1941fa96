from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assets.kit.scope import ScannerRun
from assets.warehouse import read_marts
from resources.envelope import Request
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import serve
from resources.warehouse.build import connected
from tests.assets.bent import DAY
from tests.assets.made import EVENING, Made
from tests.nights import Nights

GAINERS = ScannerRun(
    name="gainers", instrument="STK", location="STK.US.MAJOR", type="TOP_PERC_GAIN", filters={"priceAbove": 5}
)
ASKED = Request(
    "POST",
    "/iserver/scanner/run",
    {},
    {
        "instrument": "STK",
        "location": "STK.US.MAJOR",
        "type": "TOP_PERC_GAIN",
        "filter": [{"code": "priceAbove", "value": 5}, {"code": "volumeAbove", "value": 1000}],
    },
    name="gainers",
)


def _row(conid: int, **changed: Any) -> dict[str, Any]:
    known = {"server_id": "0", "available_chart_periods": "#R|1", "contract_description_1": f"S{conid}"}
    about = {"symbol": f"S{conid}", "company_name": "SIM INC", "listing_exchange": "NASDAQ.SCM", "sec_type": "STK"}
    return {**known, **about, "conidex": str(conid), "con_id": conid, **changed}


def _built(folder: Path, reply: Any, asked: Request = ASKED) -> Made:
    made = Made(folder, scanner_runs=[GAINERS]).land("scanner_runs", (asked, reply))
    made.build("scanner_runs")
    return made


def test_a_run_is_a_row_per_hit_with_its_rank_and_the_column_that_only_the_first_row_names(tmp_path: Path) -> None:
    reply = {"contracts": [_row(11, column_name="Chg%", scan_data="+12.5%"), _row(22, scan_data="+9.1%")]}
    rows = _built(tmp_path, reply).rows("scanner_runs")
    names = ["scan", "rank", "conid", "symbol", "ranked_by", "value_text", "value", "is_possibly_truncated"]
    assert rows[names].values.tolist() == [
        ["gainers", 1, 11, "S11", "Chg%", "+12.5%", 12.5, False],
        ["gainers", 2, 22, "S22", "Chg%", "+9.1%", 9.1, False],
    ]
    assert rows["run_at"].tolist() == [EVENING] * 2
    assert rows["filters"].tolist() == ["priceAbove=5,volumeAbove=1000"] * 2
    assert not rows["extra"].any()


@pytest.mark.parametrize(
    ("text", "number"),
    [("163.773K", 163_773.0), ("12.4M", 12_400_000.0), ("2.5B", 2.5e9), ("+12.5%", 12.5), ("-0.4%", -0.4), ("7", 7.0)]
    + [("1,234.5", 1234.5), ("Buy", None), ("", None), (None, None)],
)
def test_what_a_scan_ranks_by_is_kept_as_text_and_as_the_number_in_it(
    tmp_path: Path, text: str | None, number: float | None
) -> None:
    built = _built(tmp_path, {"contracts": [_row(1, scan_data=text)], "scan_data_column_name": "Volume"})
    [row] = built.rows("scanner_runs").to_dict("records")
    assert (row["value_text"], row["value"], row["ranked_by"]) == (text or None, number, "Volume")


def test_a_scan_without_a_column_names_it_a_blank_and_gives_no_values(tmp_path: Path) -> None:
    rows = _built(tmp_path, {"contracts": [_row(1, column_name=" "), _row(2)]}).rows("scanner_runs")
    assert rows[["ranked_by", "value_text", "value"]].isna().all(axis=None)


@pytest.mark.parametrize(
    "ids", [{"con_id": 7, "conidex": "7"}, {"con_id": None, "conidex": "7@SMART"}, {"con_id": None, "conid": 7}]
)
def test_the_contract_id_is_a_number_or_a_text_by_one_of_three_names(tmp_path: Path, ids: dict[str, Any]) -> None:
    row = {name: value for name, value in {**_row(1, conidex=None), **ids}.items() if value is not None}
    assert _built(tmp_path, {"contracts": [row]}).rows("scanner_runs")["conid"].tolist() == [7]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (_row(7, conidex="8"), "Both forms of the contract id are of one contract"),
        ({"symbol": "A"}, "conid: conid is missing"),
        (_row(7, con_id="seven"), "conid: conid cannot be read as int"),
    ],
)
def test_a_row_without_one_contract_is_rejected_alone(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    built = _built(tmp_path, {"contracts": [_row(1), row]})
    assert [why for [why, *_] in built.reasons("scanner_runs")] == [reason]
    assert built.rows("scanner_runs")["rank"].tolist() == [1]


def test_no_hits_are_no_rows(tmp_path: Path) -> None:
    built = _built(tmp_path, {"contracts": []})
    assert len(built.rows("scanner_runs")) == 0
    assert built.reasons("scanner_runs") == []


@pytest.mark.parametrize("strange", [[], {}, {"contracts": None}, {"contracts": [1]}, {"Contracts": {"Contract": []}}])
def test_a_reply_of_another_shape_is_rejected_whole(tmp_path: Path, strange: Any) -> None:
    built = _built(tmp_path, strange)
    [[why]] = built.reasons("scanner_runs")
    assert why.startswith("the reply's shape is not known")


def test_a_run_that_nobody_named_is_called_by_what_it_asked(tmp_path: Path) -> None:
    asked = Request(ASKED.method, ASKED.path, {}, {**ASKED.body, "filter": []})
    rows = _built(tmp_path, {"contracts": [_row(1)]}, asked).rows("scanner_runs")
    assert rows["scan"].tolist() == ["TOP_PERC_GAIN STK.US.MAJOR"]


@pytest.mark.parametrize(("count", "passes"), [(49, True), (50, False)])
def test_fifty_rows_are_possibly_not_all(tmp_path: Path, count: int, passes: bool) -> None:
    built = _built(tmp_path, {"contracts": [_row(conid) for conid in range(1, count + 1)]})
    assert built.verdict("no_scan_was_cut_off").has_passed is passes
    assert set(built.rows("scanner_runs")["is_possibly_truncated"]) == {not passes}


def test_all_runs_of_a_day_are_rows_of_its_partition(tmp_path: Path) -> None:
    made = Made(tmp_path)
    for hour in (0, 2, 4):
        at = EVENING - timedelta(hours=hour)
        made.land("scanner_runs", (ASKED, {"contracts": [_row(1), _row(2)]}, at), at=at, run_id=f"run-{hour}")
    rows = made.build("scanner_runs").rows("scanner_runs")
    assert rows.groupby("run_at").size().tolist() == [2, 2, 2]
    assert made.generated("scanner_runs", "key_is_unique").has_passed


def test_scans_are_made_while_the_exchange_is_open_and_one_that_cannot_be_is_a_line_while_the_others_land(
    tmp_path: Path,
) -> None:
    noon = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    wrong = ScannerRun(name="wrong", instrument="STK", location="STK.US.MAJOR", type="TOP_PERC_GIAN")
    scope = {"scanner_runs": [wrong.model_dump(), GAINERS.model_dump()]}
    with serve(Options(clock=noon, positions=0, flavour=Flavour(bad_scan_status=500))) as gateway:
        nights = Nights(tmp_path, gateway, scope=scope)
        outcome = nights.materialize("raw/scanner_runs", "scanner_runs", day=DAY.isoformat())
        gateway.simulation.clock.advance(timedelta(hours=2))
        later = nights.materialize("raw/scanner_runs", "scanner_runs", day=DAY.isoformat())
    assert outcome.failures == later.failures == []
    assert outcome.parked == later.parked == []
    assert [(check.name, check.is_blocking) for check in outcome.failed_checks][:1] == [
        ("every_configured_scan_answered", False)
    ]
    rows = nights.table("scanner_runs")
    assert set(rows["scan"]) == {"gainers"}
    assert rows["run_at"].nunique() == 2
    assert (rows["value"].dropna() == rows["value_text"].str.strip("+%").astype(float)).all()
    assert rows["ranked_by"].unique().tolist() == ["Chg%"]


@pytest.mark.parametrize(("answered", "offences"), [(True, 0), (False, 1)])
def test_a_configured_scan_that_did_not_answer_is_named(tmp_path: Path, answered: bool, offences: int) -> None:
    told: list[Any] = [(ASKED, {"contracts": []})] if answered else []
    made = Made(tmp_path, scanner_runs=[GAINERS]).land("scanner_runs", *told)
    assert made.verdict("every_configured_scan_answered").count == offences


def test_how_long_a_contract_stays_in_a_scan_is_counted_over_the_days_on_which_it_was_run() -> None:
    [mart] = [one for one in read_marts() if one.name == "scanner_persistence"]
    days = pd.bdate_range("2026-11-16", periods=4)
    ranks: dict[int, list[int | None]] = {1: [1, 1, 2, 1], 2: [2, None, 1, 2], 3: [None, 2, None, None]}
    told = [
        {"scan": "s", "conid": conid, "trading_day": day, "run_at": day, "rank": rank, "symbol": f"S{conid}"}
        for conid, row in ranks.items()
        for day, rank in zip(list(days), row, strict=True)
        if rank is not None
    ]
    scanner_runs = pd.DataFrame(told).assign(company_name="SIM INC")
    with connected(None) as connection:
        connection.register("scanner_runs", scanner_runs)
        found: pd.DataFrame = connection.execute(mart.sql).df().set_index("conid")
    names = ["days", "scan_days", "spells", "longest_spell_days", "current_spell_days", "best_rank"]
    assert found.loc[[1, 2, 3], names].values.tolist() == [[4, 4, 1, 4, 4, 1], [3, 4, 2, 2, 2, 1], [1, 3, 1, 1, 0, 2]]
    assert found["day_share"].round(2).to_dict() == {1: 1.0, 2: 0.75, 3: 0.33}
    assert found["average_rank"].round(2).to_dict() == {1: 1.25, 2: 1.67, 3: 2.0}
