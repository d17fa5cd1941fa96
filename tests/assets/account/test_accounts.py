from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from resources.envelope import Request
from tests.assets.bent import DAY, Bent

BEFORE = date(2026, 11, 20)


def _renamed(_: Request, reply: list[dict[str, Any]]) -> Any:
    return [{**account, "accountId": "U9900099"} for account in reply]


def test_an_account_is_read_with_what_its_odd_names_mean(bent: Bent) -> None:
    [row] = bent.build("accounts").rows("accounts").to_dict("records")
    assert row["account_id"] == "U9900001"
    assert row["base_currency"] == "USD"
    assert row["opened_at"].year >= 2000, "accountStatus is the instant of opening"
    assert row["parent_account_id"] is None
    assert row["is_adviser"] is False


def test_paper_ids_with_a_letter_after_du_are_account_ids(bent: Bent) -> None:
    def paper(_: Request, reply: list[dict[str, Any]]) -> Any:
        return [{**account, "accountId": "DUX123456"} for account in reply]

    assert bent.bend("accounts", paper).build("accounts").rows("accounts")["account_id"].tolist() == ["DUX123456"]


def test_the_pseudo_account_all_is_left_out_of_the_table(bent: Bent) -> None:
    def with_all(_: Request, reply: list[dict[str, Any]]) -> Any:
        return [*reply, {**reply[0], "accountId": "All", "id": "All"}]

    built = bent.bend("accounts", with_all).build("accounts")
    assert built.rows("accounts")["account_id"].tolist() == ["U9900001"]
    assert built.verdict("the_pseudo_account_all_is_left_out").has_passed


def test_a_table_with_the_pseudo_account_fails(bent: Bent) -> None:
    built = bent.build("accounts")
    rows = built.rows("accounts").assign(account_id="All")
    built.lake.tables.write("accounts", "trading_day", DAY.isoformat(), _arrow(rows))
    assert built.verdict("the_pseudo_account_all_is_left_out").count == 1


def test_the_same_accounts_as_before_pass_and_the_first_night_does_too(bent: Bent) -> None:
    assert bent.build("accounts").verdict("the_set_of_accounts_is_unchanged").has_passed
    bent.again_on(BEFORE, "accounts").build("accounts", day=BEFORE)
    assert bent.verdict("the_set_of_accounts_is_unchanged").has_passed


def test_a_vanished_and_a_new_account_are_said(bent: Bent) -> None:
    bent.again_on(BEFORE, "accounts").build("accounts", day=BEFORE)
    verdict = bent.bend("accounts", _renamed).build("accounts").verdict("the_set_of_accounts_is_unchanged")
    assert sorted((row["account_id"], row["change"]) for row in verdict.offenders) == [
        ("U…0001", "vanished"),
        ("U…0099", "new"),
    ]


def _adviser(bent: Bent, *pages: Any) -> Bent:
    """The top as recorded, and pages of subaccounts below it."""
    [path] = bent.lake.raw.landings("accounts", DAY.isoformat())
    [top] = bent.lake.raw.read(path)
    with bent.lake.raw.landing(
        "accounts", DAY.isoformat(), at=top.received_at + timedelta(hours=1), run_id="adviser"
    ) as landing:
        landing.append(top)
        for number, page in enumerate(pages):
            request = Request("GET", "/portfolio/subaccounts2", {"page": str(number)}, None)
            landing.append(replace(top, request=request, body=orjson.dumps(page)))
    return bent


def _clients(*ids: str) -> list[dict[str, Any]]:
    return [{"accountId": one, "currency": "EUR", "parent": {"accountId": "U9900001"}} for one in ids]


def _page(total: int, *ids: str) -> dict[str, Any]:
    return {"metadata": {"total": total, "pageSize": 20, "pageNum": 0}, "subaccounts": _clients(*ids)}


@pytest.mark.parametrize("page", [_page(2, "U9900002", "U9900003"), _clients("U9900002", "U9900003")])
def test_clients_come_in_an_object_or_as_a_bare_array(bent: Bent, page: Any) -> None:
    rows = _adviser(bent, page).build("accounts").rows("accounts")
    assert rows[["account_id", "is_subaccount", "parent_account_id"]].values.tolist() == [
        ["U9900001", False, None],
        ["U9900002", True, "U9900001"],
        ["U9900003", True, "U9900001"],
    ]
    assert bent.verdict("every_subaccount_came").has_passed


def test_an_account_in_both_lists_is_one_account_and_one_of_the_top(bent: Bent) -> None:
    built = _adviser(bent, _page(2, "U9900001", "U9900002")).build("accounts")
    assert built.rows("accounts")[["account_id", "is_subaccount"]].values.tolist() == [
        ["U9900001", False],
        ["U9900002", True],
    ]
    assert built.generated("accounts", "key_is_unique").has_passed


def test_a_client_on_two_pages_means_that_another_was_missed(bent: Bent) -> None:
    built = _adviser(bent, _page(2, "U9900002"), _page(2, "U9900002")).build("accounts")
    [offender] = built.verdict("every_subaccount_came").offenders
    assert offender["problem"] == "1 accounts came, of 2"
    assert built.generated("accounts", "key_is_unique").count == 1


def test_a_night_without_subaccounts_lacks_none(bent: Bent) -> None:
    assert bent.verdict("every_subaccount_came").has_passed


def _arrow(rows: Any) -> Any:
    import pyarrow as pa

    from assets.kit.schema import arrow_schema
    from tests.assets.bent import TABLES

    return pa.Table.from_pandas(rows, schema=arrow_schema(TABLES["accounts"].row), preserve_index=False)
