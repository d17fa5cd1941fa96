"""What the Dagster UI shows of a dataset: what it is, where it comes from, until when it can be had, how fresh it is.

Columns with meaning and unit; records as a table (which rows: `preview.py`). Dagster keeps what it shows for good, so
account ids are shortened in it, unless the owner wants to see them.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from assets.kit.declare import Landing, Table
from assets.kit.schema import SQL, Column, all_columns
from resources.gateway.endpoint import Endpoint, Local, Numbered
from resources.gateway.pacing import DOCUMENTED_PER_SECOND
from resources.privacy import masked

LONGEST_PAUSE = timedelta(days=4, hours=12)  # of nights: a weekend with a holiday beside it, and half a day
FRESH = dg.FreshnessPolicy.time_window(fail_window=LONGEST_PAUSE)
"""Freshness as Dagster knows it is of an asset, not of its days, and knows no holidays: it tells when nights stop."""

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
        "sources": dg.MetadataValue.md(markdown([_source(one) for one in landing.endpoints])),
        "time": time_words(landing),
    }


def time_words(landing: Landing) -> str:
    """Until when the gateway can tell it."""
    window = f" of {landing.window_days} days" if landing.window_days else ""
    return f"{landing.time}: {TIME_WORDS[landing.time]}{window}"


def described(of: Landing | Table) -> str:
    """What stands at the top of a dataset's page."""
    landing = of if isinstance(of, Landing) else of.raw
    sources = ", ".join(f"`{endpoint}`" for endpoint in landing.endpoints)
    lines = [of.doc, f"From {sources}. {time_words(landing).capitalize()}."]
    if isinstance(of, Table):
        lines += [f"One row per {', '.join(f'`{name}`' for name in of.key)} and trading day.", "---", of.charter]
    return "\n\n".join(lines)


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


def _source(endpoint: Endpoint | Local) -> dict[str, str]:
    if isinstance(endpoint, Local):
        return {"request": str(endpoint), "wants": "nothing: our own records", "at most": "", "pages": ""}
    paging = endpoint.paging
    return {
        "request": str(endpoint),
        "wants": "a login" if endpoint.tier.name == "LOGIN" else "the brokerage session",
        "at most": _limits(endpoint),
        "pages": f"of {paging.size}, to the first short one" if isinstance(paging, Numbered) else "one reply",
    }


def _limits(endpoint: Endpoint) -> str:
    own = endpoint.limit
    limits = [f"{own.requests} per {own.seconds:g} s"] if own else []
    limits += [f"{endpoint.concurrent} at once"] if endpoint.concurrent else []
    return ", ".join([*limits, f"{DOCUMENTED_PER_SECOND:g} per s with all others"])


def _cell(value: Any) -> str:
    return masked(str(value)).replace("|", "\\|").replace("\n", " ")[:120]
