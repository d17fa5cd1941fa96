"""The warehouse: every table and mart in one DuckDB file, published by one asset.

Built from the list of all declared tables, so a new dataset is in it without an edit here. A mart is
one SQL file in `assets/marts`: its leading comment says what it is and, line by line, its columns. One that says
`as_of` is made when it is read, for any day; of one that is named of a `SIZE` there is one for each size of bars that
the owner chose, but for days, whose adjusted bars have restatements too.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import dagster as dg

from assets.kit.beside import beside_the_tables
from assets.kit.compose import OWNERS
from assets.kit.declare import ByYear, Table
from assets.kit.refusal import in_plain_words
from assets.kit.schema import SQL, all_columns
from resources.lake.resource import Lake
from resources.lake.tables import TableStore
from resources.warehouse.build import build, columns_of
from resources.warehouse.source import ColumnDoc, Mart, TableSource

MARTS = Path(__file__).parent / "marts"
AS_OF = "-- as_of:"
SIZE, DAILY = "SIZE", "1d"


def read_marts(folder: Path = MARTS, *, sizes: Iterable[str] = ()) -> list[Mart]:
    """Every mart for bars of some sizes, in the order of their files."""
    others = [size for size in sizes if size != DAILY]
    return [
        _read_mart(path.stem.replace(SIZE, size), path.read_text().replace(SIZE, size))
        for path in sorted(folder.glob("*.sql"))
        for size in (others if SIZE in path.stem else [""])
    ]


def table_source(table: Table, store: TableStore | None = None) -> TableSource:
    """A table as the warehouse loads it; without a store, as it is declared."""
    columns = all_columns(table.row)
    order = dict.fromkeys(
        [*table.key, "trading_day"] if isinstance(table.storage, ByYear) else ["trading_day", *table.key]
    )
    return TableSource(
        name=table.name,
        doc=table.doc,
        columns=tuple(ColumnDoc(one.name, SQL[one.kind], one.is_nullable, one.meaning) for one in columns),
        files=tuple(store.files(table.name)) if store else (),
        order_by=tuple(order),
    )


def warehouse_asset(tables: Sequence[Table], marts: Sequence[Mart]) -> dg.AssetsDefinition:
    """One step that publishes the file: asset `warehouse`, and one asset per mart in it."""
    upstream = [table.name for table in tables]
    columns = columns_of(tuple(marts), tuple(map(table_source, tables)), tuple(beside_the_tables(tables)))
    specs = [
        dg.AssetSpec(
            "warehouse",
            deps=[_latest(name) for name in upstream],
            group_name="warehouse",
            kinds={"duckdb"},
            owners=OWNERS,
            description="The DuckDB file with every table and mart, rebuilt aside and swapped in.",
        ),
        *(_mart_spec(mart, columns[mart.name], upstream) for mart in marts),
    ]

    @dg.multi_asset(name="warehouse", specs=specs, pool="warehouse")
    def warehouse(context: dg.AssetExecutionContext, lake: Lake) -> Iterable[dg.MaterializeResult]:  # type: ignore[type-arg]
        target = lake.layout.warehouse_file
        with in_plain_words():
            sources = [table_source(table, lake.tables) for table in tables]
            rows = build(target, sources, marts, beside_the_tables(tables, lake.tables))
        context.log.info(f"published {target}: {sum(rows.values())} rows in {len(rows)} tables and marts")
        yield dg.MaterializeResult(
            asset_key="warehouse",
            metadata={
                "dagster/uri": str(target),
                "bytes": target.stat().st_size,
                "dagster/row_count": sum(rows.values()),
                "tables": dg.MetadataValue.md("\n".join(f"- {name}: {count:,} rows" for name, count in rows.items())),
            },
        )
        for mart in marts:
            yield dg.MaterializeResult(asset_key=mart.name, metadata={"dagster/row_count": rows[mart.name]})

    return warehouse


def _latest(table: str) -> dg.AssetDep:
    """All partitions are read. Dagster is told of the last: of all, it lists thousands of days for each table."""
    return dg.AssetDep(table, partition_mapping=dg.LastPartitionMapping())


def _mart_spec(mart: Mart, kinds: Mapping[str, str], upstream: Sequence[str]) -> dg.AssetSpec:
    docs = dict(mart.column_docs)
    words = f" {' '.join(mart.sql.split())} "
    named = [name for name in upstream if f" {name} " in words]
    columns = [dg.TableColumn(name=name, type=kind, description=docs.get(name)) for name, kind in kinds.items()]
    return dg.AssetSpec(
        mart.name,
        deps=[_latest(name) for name in named or upstream],  # naming no table, it looks at what lies beside all of them
        group_name="marts",
        kinds={"duckdb", "sql"},
        owners=OWNERS,
        description=f"{mart.doc}\n\n```sql\n{mart.sql}\n```",
        metadata={"dagster/table_name": mart.name, "dagster/column_schema": dg.TableSchema(columns)},
    )


def _read_mart(name: str, text: str) -> Mart:
    lines = text.splitlines()
    as_of = next((line.removeprefix(AS_OF).strip() for line in lines if line.startswith(AS_OF)), None)
    comment = [line.removeprefix("--") for line in lines if line.startswith("--") and not line.startswith(AS_OF)]
    columns = tuple(
        (name.strip(), doc.strip())
        for name, _, doc in (line.partition(":") for line in comment if line.startswith("   "))
    )
    doc = " ".join(line.strip() for line in comment if not line.startswith("   "))
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
    return Mart(name, doc, sql, columns, as_of)
