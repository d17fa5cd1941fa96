"""What the Dagster UI shows of a dataset: what it is, where it comes from, until when it can be had, how fresh it is.

Columns with meaning and unit; records as a table (which rows: `preview.py`). Dagster keeps what it shows for good, so
account ids are shortened in it, unless the owner wants to see them.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from assets.kit.declare import Landing, Table
from assets.kit.schema import SQL, Column, all_columns
from resources.gateway.allowed import Tier
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
        "time": time_words(landing),
    }


def time_words(landing: Landing) -> str:
    """Until when the gateway can tell it."""
    window = f" of {landing.window_days} days" if landing.window_days else ""
    return f"{landing.time}: {TIME_WORDS[landing.time]}{window}"


def described(of: Landing | Table) -> str:
    """What stands at the top of a dataset's page."""
    landing = of if isinstance(of, Landing) else of.raw
    sources = "\n".join(f"- from {_source(one)}" for one in landing.endpoints)
    lines = [of.doc, sources, f"Time: {time_words(landing)}."]
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


def _source(one: Endpoint | Local) -> str:
    """An endpoint in words: what it wants, how often it may be asked, whether it comes in pages."""
    if isinstance(one, Local):
        return f"`{one}`, our own records"
    wants = "a login" if one.tier is Tier.LOGIN else "the brokerage session"
    limits = [f"{one.limit.requests} per {one.limit.seconds:g} s"] if one.limit else []
    limits += [f"{one.concurrent} at once"] if one.concurrent else []
    limits += [f"{DOCUMENTED_PER_SECOND:g} per s with all others"]
    pages = f"; in pages of {one.paging.size}" if isinstance(one.paging, Numbered) else ""
    return f"`{one}`, which wants {wants}; at most {', '.join(limits)}{pages}"


def _cell(value: Any) -> str:
    return masked(str(value)).replace("|", "\\|").replace("\n", " ")[:120]
