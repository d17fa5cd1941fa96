"""How the replies about holdings and performance are come by."""

from collections.abc import Iterator
from typing import Any

from tests.resources.simulator.replies.visitor import AWHILE, Asking, Visitor


def positions_cold(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/positions/0")


def positions_warm(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    visitor.get(f"/portfolio/{visitor.account}/positions/0")
    yield visitor.get(f"/portfolio/{visitor.account}/positions/0")


def position_by_conid(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/position/{visitor.held()['conid']}")


def positions_by_conid(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/positions/{visitor.held()['conid']}")


def portfolio2_positions(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio2/{visitor.account}/positions")


def portfolio2_position(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio2/{visitor.account}/position/{visitor.held()['conid']}")


def combo_positions(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/combo/positions")


def invalidate(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.post(f"/portfolio/{visitor.account}/positions/invalidate")


def allocation(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/allocation")
    yield visitor.post("/portfolio/allocation", {"acctIds": [visitor.account]})


def ledger(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/ledger")


def summary(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/summary")


def performance(visitor: Visitor) -> Iterator[Any]:
    yield visitor.post("/pa/performance", {"acctIds": [visitor.account], "period": "1M"})


def all_periods(visitor: Visitor) -> Iterator[Any]:
    yield visitor.post("/pa/allperiods", {"acctIds": [visitor.account]})


def transactions(visitor: Visitor) -> Iterator[Any]:
    """Of a contract that was held and is traded once more today."""
    visitor.prime()
    conid = visitor.held()["conid"]
    visitor.place(conid=conid, orderType="MKT", side="SELL", quantity=1, tif="DAY")
    visitor.wait(AWHILE)
    asked = {"acctIds": [visitor.account], "conids": [conid], "currency": "USD", "days": 365}
    yield visitor.post("/pa/transactions", asked)


ASKED = {
    "portfolio_positions_cold": Asking(positions_cold),
    "portfolio_positions_warm": Asking(positions_warm),
    "portfolio_position_by_conid": Asking(position_by_conid),
    "portfolio_positions_by_conid": Asking(positions_by_conid, accounts=2),
    "portfolio2_positions": Asking(portfolio2_positions),
    "portfolio2_position": Asking(portfolio2_position),
    "portfolio_combo_positions": Asking(combo_positions),
    "portfolio_invalidate": Asking(invalidate),
    "portfolio_allocation": Asking(allocation),
    "portfolio_ledger": Asking(ledger),
    "portfolio_summary": Asking(summary),
    "pa_performance": Asking(performance),
    "pa_allperiods": Asking(all_periods),
    "pa_transactions": Asking(transactions),
}
