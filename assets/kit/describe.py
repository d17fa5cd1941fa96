"""What the Dagster UI shows of a table: columns with meaning and unit, where it comes from, what it is made of."""

from typing import Any

import dagster as dg

from assets.kit.declare import Landing, Table
from assets.kit.schema import SQL, Column, all_columns
from resources.privacy import masked

TIME_WORDS = {
    "replayable": "can be asked for again at any time",
    "windowed": "can be asked for again while it is inside the gateway's window",
    "perishable": "can only be asked for on the day itself",
    "local": "is written by our own processes, the gateway is not asked",
}


def column_schema(columns: tuple[Column, ...]) -> dg.TableSchema:
    """The columns as the UI lists them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=one.name,
                type=SQL[one.kind],
                description=one.meaning,
                constraints=dg.TableColumnConstraints(nullable=one.is_nullable, other=one.rules or None),
            )
            for one in columns
        ]
    )


def landing_metadata(landing: Landing) -> dict[str, Any]:
    """What a landing is, without running it."""
    return {
        "endpoints": ", ".join(str(endpoint) for endpoint in landing.endpoints),
        "time": f"{landing.time}: {TIME_WORDS[landing.time]}",
    }


def table_metadata(table: Table) -> dict[str, Any]:
    """What a table is, without running it."""
    return {
        **landing_metadata(table.raw),
        "key": ", ".join(table.key),
        "dagster/table_name": table.name,
        "dagster/column_schema": column_schema(all_columns(table.row)),
    }


def markdown(records: list[dict[str, Any]]) -> str:
    """Records as a table that the UI renders, account ids shortened."""
    if not records:
        return "none"
    names = list(dict.fromkeys(name for record in records for name in record))
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(record.get(name)) for name in names) + " |" for record in records]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return masked(str(value)).replace("|", "\\|").replace("\n", " ")[:120]
