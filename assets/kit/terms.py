"""The terms of an option where the gateway tells them in its description only.

Rows of combinations, and cold ones, were seen with an empty expiry, right and multiplier and a strike of 0.0 beside
`SPX AUG2024 5555 P [SPX 240816P05555000 100]`: symbol, month, strike and right, then the OCC symbol (root, day, right,
strike in thousandths) and the multiplier. It says most things twice: they must agree with each other, and with what
the row does tell. Else, or of any other form, nothing is taken from it: no term is guessed.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from assets.kit.parse import MONTHS

DESCRIPTION = re.compile(
    r"\S.* +(?P<month>[A-Z]{3})(?P<year>\d{4}) +(?P<strike>\d+(\.\d+)?) +(?P<right>[CP]) +"
    r"\[\S+ +(?P<day>\d{6})(?P<side>[CP])(?P<thousandths>\d{8}) +(?P<multiplier>\d+(\.\d+)?)\]"
)
NOTHING = (None, "", 0, "0", "0.0")


def described_terms(description: Any) -> dict[str, Any]:
    """Expiry, strike, right and multiplier under their wire names; nothing of a description that is unsure."""
    found = DESCRIPTION.fullmatch(description.strip()) if isinstance(description, str) else None
    if found is None or found["right"] != found["side"] or float(found["strike"]) * 1000 != int(found["thousandths"]):
        return {}
    try:
        expiry = date(2000 + int(found["day"][:2]), int(found["day"][2:4]), int(found["day"][4:]))
    except ValueError:
        return {}
    if (found["month"], found["year"]) != (MONTHS[expiry.month - 1], str(expiry.year)):
        return {}
    return {
        "expiry": f"{expiry:%Y%m%d}",
        "strike": float(found["strike"]),
        "putOrCall": found["right"],
        "multiplier": float(found["multiplier"]),
    }


def completed(row: Mapping[str, Any], description: str) -> Mapping[str, Any]:
    """The row of an option, with what it lacks of its terms taken from the field that describes it."""
    if row.get("assetClass") != "OPT":
        return row
    terms = described_terms(row.get(description))
    told = {name: row[name] for name in terms if row.get(name) not in NOTHING}
    if any(not _agree(told[name], terms[name]) for name in told):
        return row
    return {**row, **terms, **told}


def _agree(told: Any, described: Any) -> bool:
    try:
        return float(told) == float(described)
    except (TypeError, ValueError):
        return str(told) == str(described)
