"""Wire shapes of performance: one period, or all periods at once.

Belongs here: pure functions from paths to JSON values. Does not: the series (`performance.py`).

`nd` counts days of the calendar from the opening value to the end, both included, and not the points.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from resources.simulator.accounts.performance import Path


def performance(path: Path, included: Sequence[str], name: str, base: str) -> dict[str, object]:
    """Net values, cumulative returns and monthly returns of one account, or of several as one."""
    ends = {"start": _text(path.start), "end": _text(path.days[-1])}
    own = {"id": name, "idType": "acctid", **ends}
    days = [_text(day) for day in path.days]
    months = path.monthly()
    opening = {"date": _text(path.before), "val": path.before_value}
    nav = {**own, "startNAV": opening, "navs": list(path.values), "baseCurrency": base}
    return {
        "currencyType": "base",
        "rc": 0,
        "nav": {"data": [nav], "freq": "D", "dates": days},
        "nd": (path.days[-1] - path.before).days + 1,
        "cps": {
            "data": [{**own, "returns": path.cumulative(), "baseCurrency": base}],
            "freq": "D",
            "dates": days,
        },
        "tpps": {
            "data": [{**own, "returns": list(months.values()), "baseCurrency": base}],
            "freq": "M",
            "dates": list(months),
        },
        "pm": "TWR",
        "id": "getPerformanceData",
        "included": list(included),
    }


def all_periods(
    paths: Mapping[str, Mapping[str, Path]], bases: Mapping[str, str], updated: datetime
) -> dict[str, object]:
    """Every period of each account, the account's id being a property name."""
    ids = list(paths)
    longest = paths[ids[0]]["1Y"]
    return {
        "currencyType": "base",
        "rc": 0,
        "view": ids,
        "nd": (longest.days[-1] - longest.start).days + 1,
        "id": "getPerformanceAllPeriods",
        "included": ids,
        "pm": "TWR",
        **{name: _account(periods, bases[name], updated) for name, periods in paths.items()},
    }


def _account(periods: Mapping[str, Path], base: str, updated: datetime) -> dict[str, object]:
    longest = periods["1Y"]
    return {
        **{period: _period(path) for period, path in periods.items()},
        "periods": list(periods),
        "start": _text(longest.start),
        "end": _text(longest.days[-1]),
        "baseCurrency": base,
        "lastSuccessfulUpdate": f"{updated:%Y-%m-%d %H:%M:%S}",
    }


def _period(path: Path) -> dict[str, object]:
    return {
        "freq": "D",
        "startNAV": {"date": _text(path.before), "val": path.before_value},
        "dates": [_text(day) for day in path.days],
        "nav": list(path.values),
        "cps": path.cumulative(),
    }


def _text(day: date) -> str:
    return f"{day:%Y%m%d}"
