"""What the name of a bond says: who issued it, at which coupon, and since when it must exist.

Belongs here: reading names. Does not: prices, or what coupons pay in the simulated books.

Bonds are searched by issuer, and an issuer's id is made from its name.
"""

import re
import zlib
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from resources.simulator.contracts.instruments import Instrument

TENORS = (10, 30)  # years from issue to maturity
LONG_FROM = 2040  # bonds that mature later are long ones
NAME = re.compile(r"(?P<issuer>.+?) (?P<whole>\d+(?:\.\d+)?)(?: (?P<part>\d/\d))? \d\d/\d\d/\d\d$")


@dataclass(frozen=True, slots=True)
class Bond:
    """A bond's terms beyond its instrument."""

    instrument: Instrument
    issuer: str
    coupon: float
    issued: date
    maturity: date

    @property
    def issuer_id(self) -> str:
        """An e and seven digits."""
        return f"e{1_000_000 + zlib.crc32(self.issuer.encode()) % 9_000_000}"


def bond(instrument: Instrument) -> Bond | None:
    """The terms of a bond; None for anything else."""
    found = NAME.match(instrument.name) if instrument.asset_class == "BOND" else None
    if found is None or instrument.expiry is None:
        return None
    coupon = Fraction(found["whole"]) + Fraction(found["part"] or 0)
    tenor = TENORS[instrument.expiry.year >= LONG_FROM]
    issued = instrument.expiry.replace(year=instrument.expiry.year - tenor)
    return Bond(instrument, found["issuer"], float(coupon), issued, instrument.expiry)
