"""What is held of a dataset of bars, by its content: which cells of each contract's grid its rows answer.

A reply is known by when it told a bar last: what it had nothing of lies between the bars that it told again.

Belongs here: reading the files of a table of bars, one by one, since all at once are much memory. Does not: what
counts as answered (`grid.py`).
"""

from collections.abc import Mapping

import numpy as np

from assets.kit.bars.grid import Answered, Grid
from assets.kit.merging import TOLD_LAST
from resources.calendar.trading_days import Days
from resources.lake.tables import TableStore


def answered(tables: TableStore, dataset: str, grids: Mapping[int, Grid]) -> dict[int, Answered]:
    """For contracts with a grid; those without a row are left out. Rows lie by contract and time."""
    found: dict[int, Answered] = {}
    for file in tables.files(dataset):
        bars = tables.columns(file, "conid", "bar_start", TOLD_LAST)
        conids, begins = np.unique(bars["conid"], return_index=True)
        ends = np.append(begins[1:], len(bars["conid"]))
        for conid, begin, end in zip(conids.tolist(), begins, ends, strict=True):
            if conid not in grids:
                continue
            starts = bars["bar_start"][begin:end].astype("datetime64[s]")
            found.setdefault(conid, Answered(grids[conid])).take(starts, bars[TOLD_LAST][begin:end])
    return found


def first_days(tables: TableStore, dataset: str) -> dict[int, Days]:
    """The first trading day held of each contract, alone."""
    found: dict[int, Days] = {}
    for file in tables.files(dataset):
        bars = tables.columns(file, "conid", "trading_day")
        conids, begins = np.unique(bars["conid"], return_index=True)
        for conid, begin in zip(conids.tolist(), begins.tolist(), strict=True):
            found.setdefault(conid, bars["trading_day"][begin : begin + 1].copy())
    return found
