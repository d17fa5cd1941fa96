"""A reply that says it is of something else than what was asked for is rejected whole, with that reason."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from resources.envelope import Request
from tests.assets.bent import Bent

Change = Callable[[Request, Any], Any]


def _ledger(_: Request, reply: dict[str, Any]) -> Any:
    return {currency: {**balance, "acctcode": "U7654321"} for currency, balance in reply.items()}


def _summary(_: Request, reply: dict[str, Any]) -> Any:
    return {**reply, "accountcode": {**reply["accountcode"], "value": "U7654321"}}


def _positions(_: Request, reply: list[dict[str, Any]]) -> Any:
    return [{**row, "acctId": "U7654321"} for row in reply]


def _one_position(_: Request, reply: list[dict[str, Any]]) -> Any:
    return [{**row, "acctId": "U7654321" if place == 0 else row["acctId"]} for place, row in enumerate(reply)]


def _instruments(_: Request, reply: dict[str, Any]) -> Any:
    return {"secdef": [{**row, "conid": row["conid"] + 1_000_000_000} for row in reply["secdef"]]}


def _performance(_: Request, reply: dict[str, Any]) -> Any:
    for family in ("nav", "cps", "tpps"):
        for series in reply[family]["data"]:
            series["id"] = "U7654321"
    return reply


def _of_another_account(request: Request, _: Any) -> Any:
    row = {"account": "U7654321", "acct": "U7654321", "accountCode": "U7654321"}
    return [row] if request.path.endswith("trades") else {"orders": [row], "snapshot": True}


def _bar_size(_: Request, reply: dict[str, Any]) -> Any:
    return {**reply, "barLength": 3600}


def _symbol(request: Request, reply: Any) -> Any:
    return [{**row, "symbol": "OTHER"} for row in reply] if request.path.endswith("/search") else reply


def _strike(request: Request, reply: Any) -> Any:
    return [{**row, "strike": 1.5} for row in reply] if request.path.endswith("/info") else reply


def _month(request: Request, reply: Any) -> Any:
    return [{**row, "maturityDate": "20291221"} for row in reply] if request.path.endswith("/info") else reply


def _details(_: Request, reply: Any) -> Any:
    return {**reply, "con_id": 1}


MISDIRECTED: dict[str, tuple[str, str, Change, str]] = {
    "a ledger of another account": ("ledger", "ledger", _ledger, "account U7654321"),
    "a summary of another account": ("summary", "summary", _summary, "account U7654321"),
    "positions of another account": ("positions", "positions", _positions, "account U7654321"),
    "one position of another account": ("positions", "positions", _one_position, "account U7654321"),
    "definitions of other contracts": ("instruments", "instruments", _instruments, "contract 1"),
    "values of another account": ("performance", "nav", _performance, "account U7654321"),
    "returns of another account": ("performance", "cumulative_returns", _performance, "account U7654321"),
    "months of another account": ("performance", "period_returns", _performance, "account U7654321"),
    "orders of another account": ("orders", "orders", _of_another_account, "account U7654321"),
    "executions of another account": ("trades", "trades", _of_another_account, "account U7654321"),
    "details of another contract": ("contract_details", "contract_details", _details, "contract 1"),
    "options on another symbol": ("option_chains", "option_months", _symbol, "symbol OTHER"),
    "options of another strike": ("option_chains", "option_chains", _strike, "strike 1.5"),
    "options of another month": ("option_chains", "option_chains", _month, "month 202912"),
    "hours instead of days": ("bars_1d", "bars_1d", _bar_size, "bars of seconds 3600"),
}


OF_THE_SELECTED = ("orders", "trades")
"""Told of the selected account unless another is named, as each is where there are several."""


def _naming_the_account(request: Request) -> Request:
    return replace(request, query={**request.query, "accountId": "U9900001"})


def _has_rows(built: Bent, table: str) -> bool:
    return bool(built.lake.tables.files(table)) and len(built.rows(table)) > 0


@pytest.mark.parametrize("name", MISDIRECTED)
def test_a_reply_that_is_misdirected_is_rejected_whole(bent: Bent, name: str) -> None:
    dataset, table, change, of = MISDIRECTED[name]
    if dataset in OF_THE_SELECTED:
        bent.ask_as(dataset, _naming_the_account)
    built = bent.bend(dataset, change).build(table)
    reasons = [why for [why] in built.reasons(table)]
    assert reasons
    assert all(f"the reply is of {of}" in why and why.endswith("which was not asked for") for why in reasons)
    assert not _has_rows(built, table)


def _told_all_periods(_: Request, __: dict[str, Any]) -> Any:
    year = {"dates": ["20261123"], "nav": [1.0], "cps": [0.0]}
    return {"included": ["U7654321"], "U7654321": {"1Y": year, "baseCurrency": "USD"}}


@pytest.mark.parametrize("table", ["nav", "cumulative_returns"])
def test_all_periods_of_another_account_are_rejected_whole(bent: Bent, table: str) -> None:
    def asked(_: Request) -> Request:
        return Request("POST", "/pa/allperiods", {}, {"acctIds": ["U9900001"]})

    built = bent.ask_as("performance", asked).bend("performance", _told_all_periods).build(table)
    assert built.reasons(table) == [
        ["the reply's shape is not known: the reply is of account U7654321, which was not asked for"]
    ]
    assert not _has_rows(built, table)


def test_bars_after_the_end_that_was_asked_for_are_rejected_whole(bent: Bent) -> None:
    def later(_: Request, reply: dict[str, Any]) -> Any:
        if not reply["data"]:
            return None
        day = 86_400_000
        return {**reply, "data": [{**bar, "t": bar["t"] + 30 * day} for bar in reply["data"]]}

    def ended(request: Request) -> Request:
        return Request(request.method, request.path, {**request.query, "startTime": "20261124-12:00:00"})

    built = bent.ask_as("bars_1d", ended).bend("bars_1d", later).build("bars_1d")
    reasons = built.reasons("bars_1d")
    assert reasons
    assert all("the window was to end at 20261124-12:00:00, and bars after that came" in why for [why] in reasons)
    assert not _has_rows(built, "bars_1d")


def test_what_does_not_say_whose_it_is_is_taken_at_its_word(bent: Bent) -> None:
    def silent(_: Request, reply: dict[str, Any]) -> Any:
        for balance in reply.values():
            balance.pop("acctcode", None)
        return reply

    built = bent.bend("ledger", silent).build("ledger")
    assert built.reasons("ledger") == []
    assert len(built.rows("ledger"))
