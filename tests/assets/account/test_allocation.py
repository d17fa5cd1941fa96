from typing import Any

import pytest

from resources.envelope import Request
from tests.assets.bent import Bent

NEEDED = ("ledger", "positions", "allocation")


def test_each_category_is_a_row_with_the_account_of_the_path(bent: Bent) -> None:
    def small(_: Request, __: Any) -> Any:
        return {
            "assetClass": {"long": {"STK": 2415.0, "CASH": 97000.5}, "short": {"OPT": -10.0}},
            "sector": {"long": {"Consumer, Cyclical": 2415.0}, "short": {"Others": -10.0}},
            "group": {"long": {}, "short": {}},
        }

    rows = bent.bend("allocation", small).build("allocation").rows("allocation")
    assert sorted(rows[["dimension", "category", "side", "market_value"]].itertuples(index=False, name=None)) == [
        ("asset_class", "CASH", "long", 97000.5),
        ("asset_class", "OPT", "short", -10.0),
        ("asset_class", "STK", "long", 2415.0),
        ("sector", "Consumer, Cyclical", "long", 2415.0),
        ("sector", "Others", "short", -10.0),
    ]
    assert set(rows["account_id"]) == {"U9900001"}


def test_a_dimension_that_we_do_not_know_is_rejected_and_not_overlooked(bent: Bent) -> None:
    def novel(_: Request, reply: dict[str, Any]) -> Any:
        return {**reply, "country": {"long": {"US": 2415.0, "DE": 3.0}, "short": {}}, "rc": 0}

    known = len(bent.build("allocation").rows("allocation"))
    built = bent.bend("allocation", novel).build("allocation")
    assert len(built.rows("allocation")) == known
    assert len(built.reasons("allocation")) == 3
    assert all("dimension: not one of" in str(why) for why in built.reasons("allocation"))


@pytest.mark.parametrize("strange", ["", 0, False, []])
def test_what_is_no_object_where_one_was_due_rejects_the_reply_and_null_is_none(bent: Bent, strange: Any) -> None:
    bent.bend("allocation", lambda _, reply: {**reply, "sector": {"long": strange}}).build("allocation")
    [[why]] = bent.reasons("allocation")
    assert "an object was due" in why
    bent.bend("allocation", lambda _, reply: {**reply, "sector": {"long": None}}).build("allocation")
    assert bent.reasons("allocation") == []


@pytest.mark.parametrize(
    "name", ["every_dimension_adds_up_to_the_same_total", "asset_classes_are_the_positions_plus_cash"]
)
def test_a_true_allocation_passes(bent: Bent, name: str) -> None:
    assert bent.build(*NEEDED).verdict(name).has_passed


def test_a_sector_that_is_off_fails(bent: Bent) -> None:
    def off(_: Request, reply: dict[str, Any]) -> Any:
        first = next(iter(reply["sector"]["long"]))
        reply["sector"]["long"][first] += 500.0
        return reply

    verdict = bent.bend("allocation", off).build(*NEEDED).verdict("every_dimension_adds_up_to_the_same_total")
    assert verdict.count == 1


@pytest.mark.parametrize("dimension", ["assetClass", "sector", "group"])
def test_a_dimension_that_is_not_told_at_all_fails(bent: Bent, dimension: str) -> None:
    bent.bend("allocation", lambda _, reply: {**reply, dimension: {"long": {}, "short": {}}}).build("allocation")
    assert bent.verdict("every_dimension_adds_up_to_the_same_total").count == 1


def test_an_account_that_holds_cash_alone_has_no_sectors_and_passes(bent: Bent) -> None:
    cash = {"assetClass": {"long": {"CASH": 97000.5}, "short": {}}, "sector": {"long": {}, "short": {}}}
    bent.bend("allocation", lambda _request, _reply: {**cash, "group": cash["sector"]}).build("allocation")
    assert bent.verdict("every_dimension_adds_up_to_the_same_total").has_passed


@pytest.mark.parametrize("category", ["STK", "CASH"])
def test_an_asset_class_that_is_not_what_is_held_fails(bent: Bent, category: str) -> None:
    def off(_: Request, reply: dict[str, Any]) -> Any:
        reply["assetClass"]["long"][category] += 5_000.0
        return reply

    verdict = bent.bend("allocation", off).build(*NEEDED).verdict("asset_classes_are_the_positions_plus_cash")
    assert [row["category"] for row in verdict.offenders] == [category]


def test_without_the_days_positions_it_cannot_be_judged_and_says_so(bent: Bent) -> None:
    verdict = bent.build("ledger", "allocation").verdict("asset_classes_are_the_positions_plus_cash")
    assert verdict.offenders == ({"problem": "positions of 2026-11-23 is not built, so this cannot be judged"},)
