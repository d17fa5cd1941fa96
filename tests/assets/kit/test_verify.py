"""Every check that tables get without asking has a test in which it fails."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from assets.kit.declare import ByDay
from assets.kit.scope import Scope
from resources.envelope import Request
from tests.assets.bent import DAY, TABLES, Bent

SNAPSHOTS = sorted(name for name, table in TABLES.items() if isinstance(table.storage, ByDay))


def _rewrite(bent: Bent, name: str, change: Any) -> None:
    path = bent.lake.tables.file(name, "trading_day", DAY.isoformat())
    assert path is not None
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_generated_checks_pass_on_what_a_night_built(bent: Bent, name: str) -> None:
    bent.build(name)
    for check in ("schema_holds", "key_is_unique", "not_every_row_was_rejected"):
        assert bent.generated(name, check).has_passed, check


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_file_with_a_column_too_few_breaks_the_schema(bent: Bent, name: str) -> None:
    bent.build(name)
    column = TABLES[name].row.columns[0].name
    _rewrite(bent, name, lambda rows: rows.drop_columns([column]))
    [offender] = bent.generated(name, "schema_holds").offenders
    assert column in offender["problem"]


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_required_value_that_is_missing_breaks_the_schema(bent: Bent, name: str) -> None:
    bent.build(name)
    column = next(one.name for one in TABLES[name].row.columns if not one.is_nullable)

    def emptied(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index(column)
        field = rows.schema.field(place)
        return rows.set_column(place, field.with_nullable(nullable=True), pa.nulls(rows.num_rows, field.type))

    _rewrite(bent, name, emptied)
    [offender] = bent.generated(name, "schema_holds").offenders
    assert offender["problem"].startswith(f"wanted {column}: ")


def test_a_value_that_breaks_a_rule_breaks_the_schema(bent: Bent) -> None:
    def negative(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index("conid")
        return rows.set_column(place, rows.schema.field(place), pc.negate(rows["conid"]))

    bent.build("positions")
    _rewrite(bent, "positions", negative)
    [offender] = bent.generated("positions", "schema_holds").offenders
    assert (offender["problem"], offender["rows"]) == ("conid: not greater than 0", 115)


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_row_that_is_there_twice_breaks_the_key(bent: Bent, name: str) -> None:
    held = len(bent.build(name).rows(name))
    _rewrite(bent, name, lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]))
    assert bent.generated(name, "key_is_unique").count == min(1, held), "a night may hold nothing of a dataset"


def test_a_table_whose_rows_were_all_rejected_fails_and_says_why(bent: Bent) -> None:
    def unread(_: Request, reply: list[dict[str, Any]]) -> Any:
        return [{**row, "position": "many"} for row in reply]

    built = bent.bend("positions", unread).build("positions")
    [offender] = built.generated("positions", "not_every_row_was_rejected").offenders
    assert offender == {"reason": "quantity: position cannot be read as float", "rows": "115"}


def test_an_account_that_holds_nothing_is_no_failure(bent: Bent) -> None:
    def empty(request: Request, _: Any) -> Any:
        return [] if request.path.endswith("/0") else None

    built = bent.bend("positions", empty).build("positions")
    assert len(built.rows("positions")) == 0
    assert built.generated("positions", "not_every_row_was_rejected").has_passed


def test_a_reply_of_another_trading_day_under_this_days_key_fails(bent: Bent) -> None:
    def late(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index("observed_at")
        shifted = pc.add(rows["observed_at"], pa.scalar(24 * 3600 * 1_000_000, pa.duration("us")))
        return rows.set_column(place, rows.schema.field(place), shifted.cast(rows.schema.field(place).type))

    bent.build("ledger")
    assert bent.generated("ledger", "observed_on_its_trading_day").has_passed
    _rewrite(bent, "ledger", late)
    assert bent.generated("ledger", "observed_on_its_trading_day").count == 1


def _off_by(cents: int) -> Any:
    """One position's market value off by some cents."""

    def change(_: Request, reply: list[dict[str, Any]]) -> Any:
        if reply and reply[0]["conid"]:
            reply[0]["mktValue"] = round(reply[0]["mktValue"] + cents / 100, 2)
        return reply

    return change


def test_an_identity_tells_how_far_it_is_from_broken_also_when_it_passes(bent: Bent) -> None:
    verdict = bent.build("positions").verdict("market_value_is_quantity_times_price")
    assert verdict.has_passed
    assert verdict.figures["compared"] == 115
    assert 0 <= verdict.figures["residual"] <= verdict.figures["tolerance"]
    assert verdict.figures["residual_in_tolerances"] <= 1


def test_an_identity_that_is_broken_shows_the_worst_first(bent: Bent) -> None:
    verdict = bent.bend("positions", _off_by(4000)).build("positions").verdict("market_value_is_quantity_times_price")
    assert verdict.count == 2, "one on each page"
    assert verdict.figures["residual"] == pytest.approx(40.0, abs=0.02)
    assert float(verdict.offenders[0]["residual"]) >= float(verdict.offenders[1]["residual"]) > 39.9


def test_the_owner_decides_what_is_tolerated(bent: Bent) -> None:
    bent.bend("positions", _off_by(4000)).build("positions")
    bent.scope = Scope(tolerances={"market_value_is_quantity_times_price": {"amount": 41.0}})
    verdict = bent.verdict("market_value_is_quantity_times_price")
    assert verdict.has_passed
    assert verdict.figures["tolerance"] >= 41.0


def test_an_identity_with_one_side_missing_is_broken(bent: Bent) -> None:
    bent.bend("ledger", lambda _, reply: {"USD": reply["USD"]})
    verdict = bent.build("ledger").verdict("currencies_add_up_to_base")
    assert [(row["amount"], row["base"]) for row in verdict.offenders] == [
        ("net_liquidation", "None"),
        ("cash", "None"),
    ]
    assert verdict.figures == {"compared": 0}
