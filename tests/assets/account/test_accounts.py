from datetime import date
from typing import Any

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


def _arrow(rows: Any) -> Any:
    import pyarrow as pa

    from assets.kit.schema import arrow_schema
    from tests.assets.bent import TABLES

    return pa.Table.from_pandas(rows, schema=arrow_schema(TABLES["accounts"].row), preserve_index=False)
