"""A desk over the market that a simulator really has, for endpoints that speak of real contracts."""

from datetime import datetime
from functools import cache

from resources.simulator.accounts.world import World
from resources.simulator.app import application
from resources.simulator.clock import Clock
from resources.simulator.flavour import Flavour
from resources.simulator.market.market import SeededMarket
from resources.simulator.session import Session
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import EVENING, TODAY, Caller, Desk, Hand


@cache
def seeded_market() -> SeededMarket:
    return SeededMarket(7, 700, TODAY)


def seeded_desk(*, at: datetime = EVENING, flavour: Flavour | None = None) -> Desk:
    world = World(seeded_market(), seed=7, today=TODAY)
    clock = Clock(at, real=Hand())
    simulation = Simulation(world.market, world, clock, Session(at), 7, flavour or Flavour())
    desk = Desk(simulation, Caller(application(simulation)))
    assert desk.client.get("/iserver/accounts").status == 200
    return desk
