"""Wire shapes of watchlists.

Belongs here: pure functions to JSON values. Does not: the lists (`watchlists.py`).

`MID` counts the calls of a session, as text.
"""

from collections.abc import Callable, Sequence

from resources.simulator.contracts.chinese import chinese_name
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.shapes.definitions import full_name
from resources.simulator.watchlists import Watchlist

Find = Callable[[int], Instrument | None]


def overview(lists: Sequence[Watchlist], calls: int) -> dict[str, object]:
    """All lists without their contracts."""
    rows = [
        {
            "is_open": False,
            "read_only": False,
            "name": each.name,
            "modified": _milliseconds(each),
            "id": each.number,
            "type": "watchlist",
        }
        for each in lists
    ]
    told = {"scanners_only": False, "show_scanners": False, "bulk_delete": False, "user_lists": rows}
    return {"data": told, "action": "content", "MID": str(calls)}


def written(watchlist: Watchlist) -> dict[str, object]:
    """A list that has just been made: nothing about its contracts yet."""
    return {**_heading(watchlist), "instruments": []}


def detailed(watchlist: Watchlist, find: Find) -> dict[str, object]:
    """A list with its contracts."""
    loaded = watchlist.looks > 1
    return {**_heading(watchlist), "instruments": [_row(conid, find, loaded=loaded) for conid in watchlist.rows]}


def dropped(number: str, calls: int) -> dict[str, object]:
    """A list is gone."""
    return {"data": {"deleted": number}, "action": "context", "MID": str(calls)}


def _heading(watchlist: Watchlist) -> dict[str, object]:
    return {
        "id": watchlist.number,
        "hash": str(_milliseconds(watchlist)),
        "name": watchlist.name,
        "readOnly": False,
    }


def _row(conid: int | None, find: Find, *, loaded: bool) -> dict[str, object]:
    if conid is None:
        return {"H": ""}
    instrument = find(conid)
    if instrument is None:
        return {"C": str(conid), "conid": conid}
    known = {"C": str(conid), "conid": conid, "name": instrument.name}
    if not loaded:
        return known
    return {
        "ST": instrument.asset_class,
        **known,
        "fullName": full_name(instrument),
        "assetClass": instrument.asset_class,
        "ticker": instrument.symbol,
        "chineseName": chinese_name(instrument.name),
    }


def _milliseconds(watchlist: Watchlist) -> int:
    return int(watchlist.changed.timestamp() * 1000)
