"""Several accounts told as one, in the base currency of the first.

Belongs here: adding up. Does not: which accounts (`routes/`), wire shapes.

Money is added per currency and converted at the rates of the instant; the same contract in two accounts is one
position, or none when the two cancel out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from resources.simulator.accounts.valuation import Held, Valuation
from resources.simulator.accounts.world import World


def together(world: World, name: str, valuations: Sequence[Valuation]) -> Valuation:
    """All of them at their common instant, under another name. Rows stay apart: `merged` joins them."""
    first = valuations[0]
    base, at = first.account.base, first.at
    names = sorted({currency for valuation in valuations for currency in valuation.rates})
    return Valuation(
        replace(first.account, account_id=name, title=name),
        at,
        {currency: world.rate(currency, base, at) for currency in names},
        [row for valuation in valuations for row in valuation.rows],
        _sums(names, [valuation.cash for valuation in valuations]),
        _sums(names, [valuation.settled for valuation in valuations]),
        _sums(names, [valuation.unswept for valuation in valuations]),
        _sums(names, [valuation.realized for valuation in valuations]),
    )


def merged(rows: Sequence[Held]) -> list[Held]:
    """One row per contract, in the order of conids."""
    joined: dict[int, Held] = {}
    for row in sorted(rows, key=attrgetter("contract.conid")):
        other = joined.get(row.contract.conid)
        joined[row.contract.conid] = _added(other, row) if other else row
    return [row for row in joined.values() if row.quantity]


def _added(one: Held, other: Held) -> Held:
    return replace(
        one,
        quantity=round(one.quantity + other.quantity, 4),
        value=one.value + other.value,
        cost=one.cost + other.cost,
        realized=one.realized + other.realized,
    )


def _sums(names: Sequence[str], amounts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(each.get(name, 0) for each in amounts) for name in names}
