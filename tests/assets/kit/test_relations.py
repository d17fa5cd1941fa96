from datetime import date, timedelta

from assets.kit.relations import files_of, relations
from resources.envelope import Request
from tests.assets.bent import DAY, TABLES, Bent

FRIDAY = DAY - timedelta(days=3)


def _count(bent: Bent, name: str, days: list[date], sql: str) -> int:
    with relations(TABLES[name], [TABLES["positions"]], days, bent.lake.tables) as connection:
        [(number,)] = connection.execute(f"select count(*) from {sql}").fetchall()
    return int(number)


def test_a_table_is_what_the_days_of_the_run_wrote_and_its_history_is_everything(bent: Bent) -> None:
    bent.again_on(FRIDAY, "accounts").build("accounts").build("accounts", day=FRIDAY)
    assert _count(bent, "accounts", [DAY], "accounts") == 1
    assert _count(bent, "accounts", [FRIDAY, DAY], "accounts") == 2
    assert _count(bent, "accounts", [DAY], "accounts_history") == 2


def test_a_table_that_was_never_built_has_its_columns_and_no_rows(bent: Bent) -> None:
    bent.build("accounts")
    assert _count(bent, "accounts", [DAY], "positions where conid > 0 and trading_day is not null") == 0


def test_rejected_rows_are_those_of_the_checked_table_on_the_days_of_the_run(bent: Bent) -> None:
    def unread(_: Request, reply: dict[str, dict[str, object]]) -> object:
        return {name: {**balance, "cashbalance": "much"} for name, balance in reply.items()}

    currencies = len(bent.build("ledger").rows("ledger"))
    bent.bend("ledger", unread).build("ledger")
    assert _count(bent, "ledger", [DAY], "rejected where reasons[1] like 'cash%'") == currencies
    assert _count(bent, "ledger", [FRIDAY], "rejected") == 0
    assert _count(bent, "accounts", [DAY], "rejected") == 0


def test_the_days_of_a_year_are_in_one_file(bent: Bent) -> None:
    bent.build("bars_1d")
    [file] = files_of(TABLES["bars_1d"], [DAY, FRIDAY], bent.lake.tables)
    assert file.parent.name == "year=2026"
