"""Wire shapes of performance: one period, or all periods at once.

Belongs here: pure functions from paths to JSON values. Does not: the series (`accounts/performance.py`).

`nd` counts days of the calendar from the opening value to the end, both included, and not the points.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from resources.simulator.accounts.performance import Path


def performance(path: Path, included: Sequence[str], name: str, base: str, freq: str = "D") -> dict[str, object]:
    """Net values, cumulative returns and monthly returns of one account, or of several as one.

    `freq` is how far the points are apart: days, or the last days of months (M) or of quarters (Q).
    """
    points = _points(path.days, freq)
    ends = {"start": _text(path.start), "end": _text(path.days[-1])}
    own = {"id": name, "idType": "acctid", **ends}
    days = [_text(path.days[point])[: 8 if freq == "D" else 6] for point in points]
    months, values, growth = path.monthly(), path.values, path.cumulative()
    opening = {"date": _text(path.before), "val": path.before_value}
    nav = {**own, "startNAV": opening, "navs": [values[point] for point in points], "baseCurrency": base}
    return {
        "currencyType": "base",
        "nav": {"data": [nav], "freq": freq, "dates": days},
        "nd": (path.days[-1] - path.before).days + 1,
        "cps": {
            "data": [{**own, "returns": [growth[point] for point in points], "baseCurrency": base}],
            "freq": freq,
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


def _points(days: Sequence[date], freq: str) -> list[int]:
    """Positions of the last day of each day, month or quarter."""
    keys: dict[str, Callable[[date], int]] = {"D": date.toordinal, "M": _month, "Q": lambda day: _month(day) // 3}
    last = {keys[freq](day): place for place, day in enumerate(days)}
    return list(last.values())


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _text(day: date) -> str:
    return f"{day:%Y%m%d}"
