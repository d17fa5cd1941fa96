"""Which trading days a table of bars holds, by what is in it and not by the names of its files."""

import numpy as np

from resources.calendar.trading_days import Days
from resources.lake.tables import TableStore


def held_days(tables: TableStore, name: str) -> dict[int, Days]:
    """The trading days held, per contract, sorted; read year by year, since all years at once are much memory."""
    held: dict[int, list[Days]] = {}
    for file in tables.files(name):
        bars = tables.columns(file, "conid", "trading_day")
        order = np.argsort(bars["conid"], kind="stable")
        conids, starts = np.unique(bars["conid"][order], return_index=True)
        for conid, days in zip(conids.tolist(), np.split(bars["trading_day"][order], starts[1:]), strict=True):
            held.setdefault(conid, []).append(days)
    return {conid: np.unique(np.concatenate(spans)) for conid, spans in held.items()}
