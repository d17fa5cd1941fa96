"""Wire shape of the historical data service's page of bars.

Belongs here: a pure function from a chart to a JSON value. Does not: which bars (`market/charts.py`), the other
history's page (`shapes/history.py`).

Volume is in units whatever the exchange, instants are milliseconds in UTC beside words in New York's time, and
`points` counts all bars.
"""

from datetime import datetime

from resources.simulator.clock import NEW_YORK
from resources.simulator.market.bars import seconds
from resources.simulator.market.charts import Chart
from resources.simulator.shapes.history import STAMP, rows


def page(found: Chart, now: datetime, late: int) -> dict[str, object]:
    """The whole reply."""
    begins, ends = int(seconds(found.bars.start)[0]), int(now.timestamp())
    return {
        "startTime": _stamp(begins),
        "startTimeVal": begins * 1000,
        "endTime": _stamp(ends),
        "endTimeVal": ends * 1000,
        "data": rows(found.bars, found.bars.volume.tolist()),
        "points": len(found.bars.start),
        "mktDataDelay": late,
    }


def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, NEW_YORK).strftime(STAMP)
