"""The first rows of a partition, for whoever looks at it in the UI: without names of people, and what is empty in all.

Account ids are shortened where they are shown (`describe.markdown`).
"""

from typing import TYPE_CHECKING, Any

from assets.kit.declare import ByYear, Table
from assets.kit.schema import Column, all_columns

if TYPE_CHECKING:
    import pyarrow as pa

PREVIEWED = 10
NOT_SHOWN = {"trading_day", "observed_at", "raw_sha256", "run_id"}  # the same in all, and told beside


def preview(table: Table, rows: "pa.Table") -> list[dict[str, Any]]:
    """The first rows as they may be shown."""
    found = rows.slice(0, PREVIEWED).to_pylist()
    left_out = NOT_SHOWN - {"trading_day"} if isinstance(table.storage, ByYear) else NOT_SHOWN
    columns = [one for one in all_columns(table.row) if one.name not in left_out]
    told = [one for one in columns if any(row[one.name] is not None for row in found)]
    return [{one.name: _shown(one, row[one.name]) for one in told} for row in found]


def _shown(one: Column, value: Any) -> Any:
    if value is None:
        return ""
    return "…" if one.is_personal else value
