"""What the letters of a market data availability code say. Pure.

The first tells how timely the data are, the second whether they are of one market's snapshot (P) or consolidated (p),
a third that there is a book (B), one more (d) is seen and not explained. A code that is not made so is not understood.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Reading = Callable[["pd.DataFrame"], "pd.Series[Any]"]
TIMELINESS = {
    "R": "real time",
    "D": "delayed",
    "Z": "frozen",
    "Y": "frozen delayed",
    "N": "not subscribed",
    "O": "acknowledgement incomplete",
    "i": "incomplete",
    "v": "VDR exempt",
}
UNDERSTOOD = f"[{''.join(TIMELINESS)}][Pp]?B?d?"
LETTERS = ", ".join(f"{letter} {meaning}" for letter, meaning in TIMELINESS.items())


def timeliness(column: str) -> Reading:
    """How timely the data are, in words; null for a letter that is not known."""
    return lambda rows: rows[column].str[0].map(TIMELINESS)


def is_consolidated(column: str) -> Reading:
    """Whether they are of all markets together; null where that is not told."""
    return lambda rows: rows[column].str[1].map({"p": True, "P": False}).astype("boolean")
