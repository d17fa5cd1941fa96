r"""Account ids in what is told: logs, messages, metadata and alerts show an id's kind and its last digits only.

Belongs here: how an id is recognised and shortened, and the one switch that leaves ids whole (`[privacy]
show_account_ids` of the TOML; `pipelines/definitions.py` sets it, once per process). Does not: data. Raw replies,
tables and the warehouse hold ids in full, and are the owner's alone (`lake/private.py`).

An id is shown as banks do it, `U…4567` of U1234567: equal for equal ids, known again by its owner, and told apart from
a sister account, whose ids of one adviser differ in any digit but seldom in the first ones alone. At least three digits
are left out, so that a thousand accounts look the same. A short hash would tell more accounts apart, but there are so
few ids that whoever reads a log could try them all.

Kinds: U live, DU paper, F and DF an adviser's, I and DI an introducing broker's, with a letter more in newer paper ids
(DUX123456), and up to two letters at the end (F1234567A). Ids stand in URLs too, also behind `%2F`, and in texts that
were quoted, behind `\n`. Ten digits are none: US0378331005 is an ISIN. Nor are four: FU2612 is a future.
"""

import re
from dataclasses import dataclass

_ACCOUNT_ID = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
    r"(?P<kind>D?[UFI][A-Z]{0,2})(?P<digits>\d{5,9})(?P<end>[A-Z]{0,2})(?![A-Za-z0-9])"
)
SHOWN, LEFT_OUT = 4, 3  # digits at the end, and digits that are always left out


@dataclass(slots=True)
class _Choice:
    shows_account_ids: bool = False


_CHOICE = _Choice()


def show_account_ids(shown: bool) -> None:
    """Leave ids whole in whatever this process tells from now on, or shorten them."""
    _CHOICE.shows_account_ids = shown


def masked(text: str) -> str:
    """The text with every account id shortened, unless the owner wants to see them."""
    return text if _CHOICE.shows_account_ids else _ACCOUNT_ID.sub(_shortened, text)


def mask_error(error: BaseException) -> None:
    """Shorten ids in an error and in all that it came from: Dagster stores the words of the whole chain."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        one.args = tuple(masked(part) if isinstance(part, str) else part for part in one.args)
        if hasattr(one, "__notes__"):
            one.__notes__ = [masked(note) for note in one.__notes__]
        linked = (one.__cause__, one.__context__, *one.args)
        pending += [other for other in linked if isinstance(other, BaseException)]


def _shortened(found: re.Match[str]) -> str:
    digits = found["digits"]
    return f"{found['kind']}…{digits[-min(SHOWN, len(digits) - LEFT_OUT) :]}{found['end']}"
