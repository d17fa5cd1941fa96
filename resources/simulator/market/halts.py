"""When trading in a share stops for a while: rare, and the same for whoever looks.

Belongs here: the rule, and putting the pause into a day's minutes. Does not: how a halted quote is written
(`shapes/quotes.py`).

One American share in 500 pauses on any one day, for five minutes or a multiple of that, as limit-up
limit-down does. Its minutes are those of a shorter day, with flat ones without volume put in where trading
stood still: the day still adds up.
"""

import zlib
from datetime import date, datetime

import numpy as np

from resources.simulator.calendars import hours
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.paths import Floats

MINUTE = 60
ONE_IN = 500
STEP, MOST_STEPS = 5, 12  # minutes
MARGIN = 30  # minutes at both ends of a session in which nothing is halted


def halt(instrument: Instrument, day: date, minutes: int) -> range:
    """The minutes of a session in which trading stands still; mostly none."""
    if instrument.asset_class != "STK" or not instrument.is_us:
        return range(0)
    drawn = zlib.crc32(b"halt:%d:%d" % (instrument.conid, day.toordinal()))
    length = STEP * (1 + drawn // ONE_IN % MOST_STEPS)
    room = minutes - 2 * MARGIN - length
    if drawn % ONE_IN or room <= 0:
        return range(0)
    first = MARGIN + drawn // (ONE_IN * MOST_STEPS) % room
    return range(first, first + length)


def is_halted(instrument: Instrument, at: datetime) -> bool:
    """Whether trading in it stands still at an instant."""
    here = hours(instrument.exchange)
    begins, ends = here.session(here.local_day(at))
    passed = int((at.timestamp() - begins) // MINUTE)
    return passed in halt(instrument, here.local_day(at), (ends - begins) // MINUTE)


def paused(parts: tuple[Floats, ...], still: range) -> tuple[Floats, ...]:
    """Open, high, low, close and volume with flat minutes put in before minute `still.start`."""
    *sides, volume = parts
    level = np.full(len(still), sides[-1][still.start - 1])
    stretched = (np.insert(side, still.start, level) for side in sides)
    return (*stretched, np.insert(volume, still.start, np.zeros(len(still))))
