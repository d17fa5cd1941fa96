"""What a simulated owner does by hand in an evening, so that a night has an order and an execution to tell of."""

from datetime import timedelta

from resources.simulator.orders.dialogue import Asked
from resources.simulator.server import Running
from resources.simulator.simulation import Simulation


def buys_late(gateway: Running) -> None:
    """The first account buys one more of an American share that it holds, in late trading; a second order rests."""
    simulation = gateway.simulation
    assert isinstance(simulation, Simulation), "nobody trades in a recording"
    account, now = simulation.world.accounts[0], simulation.clock.now()
    shares = (row.contract for row in simulation.valuation(account).rows if row.contract.asset_class == "STK")
    share = next(one for one in shares if one.is_us)
    price = simulation.market.price(share, now)
    for factor, more in ((1.02, {"outsideRTH": True, "cOID": "late"}), (0.98, {"tif": "GTC"})):
        order = {
            "conid": share.conid,
            "orderType": "LMT",
            "side": "BUY",
            "quantity": 1,
            "price": round(price * factor, 2),
        }
        outcome = simulation.desk.place(account.account_id, {"orders": [{**order, **more}]})
        while isinstance(outcome, Asked):
            outcome = simulation.desk.answer(outcome.reply_id, True)
    gateway.control.advance(timedelta(minutes=5))
