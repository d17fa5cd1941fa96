"""What bars that were read again say otherwise than was known of them. Frames in, findings out; no files.

Belongs here: what was known of a bar at an instant, and a finding with what it rests on. Does not: telling a ratio from
a restatement (`vintages.py`), where the frames come from and what becomes of the findings (the dataset).

Frames have `conid`, `bar_start`, `trading_day`, `open`, `high`, `low`, `close`, `volume`, `observed_at`, `raw_sha256`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from assets.kit.bars.vintages import Bars, Found, compare

PRICES = ["open", "high", "low", "close"]
VALUES = [*PRICES, "volume"]
KEY = ["conid", "bar_start"]


@dataclass(frozen=True, slots=True)
class Reread:
    """Bars of one contract that came again, oldest first, beside what was known of them, and what is told by it."""

    conid: int
    pairs: pd.DataFrame
    found: Found

    @property
    def is_equal(self) -> bool:
        """Whether nothing came otherwise."""
        return self.found.ratio is None and not self.found.is_restated.any()


def known_bars(first: pd.DataFrame, restated: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """Bars as they were known last, in the shares of after these actions; adjusted ones have a `slack`.

    An action changes what was observed before it was found. Of one that was found twice the first finding counts.
    """
    parts = [one for one in (first, restated[restated.columns.intersection(first.columns)]) if len(one)]
    told = pd.concat(parts or [first])
    known = told.sort_values("observed_at", kind="stable").drop_duplicates(KEY, keep="last").reset_index(drop=True)
    known["slack"] = 0.0
    once = actions.sort_values("observed_at").drop_duplicates(["conid", "first_unadjusted_day"])
    for found in once.to_dict("records"):
        rows = (known["conid"] == found["conid"]) & (known["observed_at"] < found["observed_at"])
        rows &= known["trading_day"] < found["first_unadjusted_day"]
        adjusted = _bars(known, "").by(found["factor"], rows.to_numpy(dtype=bool))
        known[PRICES], known["volume"], known["slack"] = adjusted.prices, adjusted.volume, adjusted.slack
    return known


def rereads(known: pd.DataFrame, came: pd.DataFrame) -> Iterator[Reread]:
    """Contract by contract, what came again; those of which nothing did are left out."""
    pairs = known.merge(came, on=KEY, suffixes=("_before", "")).sort_values(KEY)
    for conid, pair in pairs.groupby("conid", sort=True):
        yield Reread(int(str(conid)), pair, compare(_bars(pair, "_before"), _bars(pair, "")))


def action(reread: Reread, held: pd.DataFrame, last_before: date) -> dict[str, Any] | None:
    """A constant ratio as a record. `held` are the contract's bars by now, `last_before` is the last of those before.

    All bars that were held then are older than what was read again: if no bar of those is as it was, neither are they.
    """
    ratio, pairs = reread.found.ratio, reread.pairs
    if ratio is None:
        return None
    seen = pairs.iloc[ratio.last]
    rest = pairs["trading_day"].iloc[ratio.last + 1 :].tolist() or sorted(
        held.loc[held["trading_day"] > last_before, "trading_day"]
    )
    return {
        "conid": reread.conid,
        "first_unadjusted_day": rest[0] if rest else last_before + timedelta(days=1),
        "factor": ratio.factor,
        "last_adjusted_day": seen["trading_day"],
        "agreed_bars": ratio.agreed,
        "compared_bars": ratio.compared,
        **_vintages(seen),
    }


def restatements(reread: Reread) -> list[dict[str, Any]]:
    """The bars that came otherwise, as records."""
    expected = pd.DataFrame(reread.found.expected.prices, columns=PRICES)
    expected["volume"] = reread.found.expected.volume
    return [
        {
            "conid": reread.conid,
            "t": int(reread.pairs["bar_start"].iloc[row].timestamp() * 1000),
            "day": reread.pairs["trading_day"].iloc[row],
            **{name: float(reread.pairs[name].iloc[row]) for name in VALUES},
            **{f"{name}_before": float(expected[name].iloc[row]) for name in VALUES},
            **_vintages(reread.pairs.iloc[row]),
        }
        for row in np.flatnonzero(reread.found.is_restated).tolist()
    ]


def _vintages(pair: "pd.Series[Any]") -> dict[str, Any]:
    """Where both of what was compared stand in raw."""
    return {
        "before_at": pair["observed_at_before"].to_pydatetime(),
        "before_sha256": str(pair["raw_sha256_before"]),
        "after_sha256": str(pair["raw_sha256"]),
    }


def _bars(rows: pd.DataFrame, suffix: str) -> Bars:
    prices = rows[[f"{name}{suffix}" for name in PRICES]].to_numpy(dtype=np.float64)
    return Bars(prices, rows[f"volume{suffix}"].to_numpy(dtype=np.float64), rows["slack"].to_numpy(dtype=np.float64))
