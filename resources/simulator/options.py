"""What can be chosen about a simulated gateway, and building it from that.

Belongs here: the options, their defaults and what is wrong with them. Does not: sockets (`server.py`),
the command line (`command_line.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from starlette.types import ASGIApp

from resources.simulator import app
from resources.simulator.accounts.world import World
from resources.simulator.clock import NEW_YORK, Clock, latest_evening
from resources.simulator.faults.faults import Faults
from resources.simulator.faults.rule import Rule
from resources.simulator.flavour import Flavour
from resources.simulator.lifetime import Lifetime
from resources.simulator.limits.limiter import Limiter
from resources.simulator.market.market import Market, SeededMarket
from resources.simulator.market.paths import EPOCH
from resources.simulator.replay import recording, replay
from resources.simulator.session import Session
from resources.simulator.simulation import Simulation

DERIVATIVES = 600  # about as many as are listed at any time
SPARE = 1.5  # stocks per position, for sizes of a book


class OptionError(ValueError):
    """Options that make no gateway; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes and sources of a simulated gateway."""

    seed: int = 7
    clock: datetime | None = None  # the latest evening when None
    accounts: int = 1
    positions: int = 158
    adviser: bool = False  # the accounts are an adviser's clients
    opened: date | None = None  # the day on which the accounts were; a year or two ago when None
    universe: int | None = None  # as many contracts as the positions need when None
    market: Path | None = None  # prices from files
    replay: Path | None = None  # answers from a recording
    flavour: Flavour = Flavour()
    faults: tuple[Rule, ...] = ()  # what goes wrong from the start
    control: bool = True  # the control plane below /simulator/
    tls: bool = True
    certificate: Path | None = None  # folder that keeps it between starts
    logged_in: bool = True  # at the start
    pacing: bool = True  # the documented limits, strictly; a recording is never paced
    deny: tuple[str, ...] = ()  # addresses that are refused, with *
    lifetime: Lifetime = Lifetime()  # of the login; a recording's lasts for ever

    def size(self) -> int:
        """How many contracts exist."""
        return self.universe or int(DERIVATIVES + SPARE * max(self.positions, 250))


Simulated = Simulation | replay.Replay


def build(options: Options, *, real: Callable[[], float], present: Callable[[], datetime]) -> tuple[Simulated, ASGIApp]:
    """The state behind a gateway and the application in front of it."""
    _check(options)
    if options.replay is not None:
        return _replayed(options, options.replay, real)
    start = options.clock or latest_evening(present())
    clock = Clock(start, real=real)
    today = start.astimezone(NEW_YORK).date()
    if options.opened and options.opened > today:
        raise OptionError(f"open accounts on {options.opened}: it is {today} yet. Choose a day that has come")
    market = _market(options, start)
    world = World(
        market,
        seed=options.seed,
        today=today,
        accounts=options.accounts,
        positions=options.positions,
        adviser=options.adviser,
        opened=options.opened,
    )
    if world.inception <= EPOCH:
        raise OptionError(
            f"open accounts on {world.inception}: prices begin on {EPOCH}. Choose a later --clock or --opened"
        )
    simulation = Simulation(
        market,
        world,
        clock,
        _session(options, start),
        options.seed,
        options.flavour,
        _faults(options),
        Limiter(options.flavour.pacing) if options.pacing else None,
    )
    simulation.network.deny = options.deny
    simulation.network.denied_status = options.flavour.denied_status
    return simulation, app.application(simulation, control=options.control)


def _replayed(options: Options, folder: Path, real: Callable[[], float]) -> tuple[Simulated, ASGIApp]:
    exchanges = recording.read(folder)
    start = options.clock or exchanges[-1].received_at
    clock, session = Clock(start, real=real), Session(start)
    replayed = replay.Replay(exchanges, clock, session, options.seed, options.flavour, _faults(options))
    return replayed, replay.application(replayed, control=options.control)


def _faults(options: Options) -> Faults:
    faults = Faults(options.seed)
    faults.add(options.faults)
    return faults


def _session(options: Options, start: datetime) -> Session:
    """Logged in and, as after a login in a browser, primed by the gateway itself: it asks /iserver/accounts once."""
    session = Session(
        start,
        primed=True,
        lifetime=options.lifetime,
        ticks_itself=options.flavour.ticks_itself,
        build_seconds=options.flavour.bridge_seconds,
    )
    if not options.logged_in:
        session.log_out(ended="")
    return session


def _market(options: Options, start: datetime) -> Market:
    seeded = SeededMarket(options.seed, options.size(), start.astimezone(NEW_YORK).date())
    if options.market is None:
        return seeded
    from resources.simulator.market.market_file import FileMarket

    return FileMarket(options.market, seeded, seed=options.seed)


def _check(options: Options) -> None:
    if options.accounts < 1:
        raise OptionError(f"simulate {options.accounts} accounts: there must be one at least")
    if options.positions < 0:
        raise OptionError(f"simulate {options.positions} positions: there cannot be fewer than none")
    if options.market and options.replay:
        raise OptionError("simulate --market and --replay at once: a recording has its own prices. Choose one")
    if options.replay and not options.logged_in:
        raise OptionError("simulate --logged-out and --replay at once: a recording has its own session. Choose one")
