"""The first rows of a partition, for whoever looks at it in the UI: names of people are left out.

Account ids are shortened where they are shown (`describe.markdown`).
"""

from typing import TYPE_CHECKING, Any

from assets.kit.declare import Table
from assets.kit.schema import Column, all_columns

if TYPE_CHECKING:
    import pyarrow as pa

PREVIEWED = 10
NOT_SHOWN = {"raw_sha256", "run_id"}


def preview(table: Table, rows: "pa.Table") -> list[dict[str, Any]]:
    """The first rows as they may be shown."""
    shown = [one for one in all_columns(table.row) if one.name not in NOT_SHOWN]
    found = rows.select([one.name for one in shown]).slice(0, PREVIEWED).to_pylist()
    return [{one.name: _shown(one, row[one.name]) for one in shown} for row in found]


def _shown(one: Column, value: Any) -> Any:
    if value is None:
        return ""
    return "…" if one.is_personal else value
