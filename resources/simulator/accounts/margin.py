"""What a broker wants an account to be worth for what it holds.

Belongs here: the requirement on positions. Does not: whether an order may be placed (`orders/funds.py`), wire shapes.
"""

from resources.simulator.accounts.valuation import Valuation

INITIAL, MAINTENANCE = 0.30, 0.25  # of gross position value
MARGINED = frozenset({"STK", "OPT", "BOND"})


def gross_value(valuation: Valuation) -> float:
    """Sum of the sizes of all margined positions, in base currency."""
    return sum(
        abs(row.value) / 100 * valuation.rates[row.contract.currency]
        for row in valuation.rows
        if row.contract.asset_class in MARGINED
    )
