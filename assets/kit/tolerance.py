"""By how much an identity may be off before it is broken: an amount, and a share of what is compared.

Belongs here: the value. Does not: which identity has which (it stands at its check, and the owner may choose another
in `[tolerances]` of the TOML). Sums are rounded to cents by IBKR, prices and rates come with few digits: the amount
is for the first, the share for the second.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`amount` in the unit of the residual, `share` of the `size` that stands beside it."""

    amount: float = 0.0
    share: float = 0.0
