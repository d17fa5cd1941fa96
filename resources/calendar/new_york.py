"""The zone of New York, in which IBKR's windows, our partitions and deadlines are reckoned.

Belongs here: the zone, once. Does not: which days are trading days (`trading_days.py`). The simulator has its own: it
shares nothing with us.
"""

from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
