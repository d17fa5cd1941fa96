"""The command `python -m resources.simulator`: a Client Portal Gateway that needs no account.

Belongs here: the command line and its words. Does not: building (`options.py`) or serving (`server.py`).
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

from resources.simulator.clock import NEW_YORK, parse_instant
from resources.simulator.faults import catalogue
from resources.simulator.faults.files import FaultsError, nights, read_rules
from resources.simulator.faults.rule import Rule
from resources.simulator.lifetime import Lifetime, Region
from resources.simulator.options import Options
from resources.simulator.server import LOOPBACK, Running, serve
from resources.simulator.shapes.session import USER_NAME

LOOPBACKS = (LOOPBACK, "localhost")
REGIONS = {region.name.lower().replace("_", "-"): region for region in Region}
EPILOG = """examples:
  python -m resources.simulator --port 5000
  python -m resources.simulator --clock 2026-11-23T18:30 --accounts 3 --positions 5000
  python -m resources.simulator --market prices/ --clock 2013-03-01
  python -m resources.simulator --night flaky_pages
  python -m resources.simulator --replay data/simulator/raw"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"simulator: {message} (--help tells more)\n")


class _ListFaults(argparse.Action):
    """Prints the catalogue and stops."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        sys.stdout.write("\n".join([*catalogue.listed(), ""]))
        parser.exit()


def parse(arguments: Sequence[str]) -> tuple[Options, int]:
    """Options and port from the words of a command line."""
    parser = _Parser(
        prog="python -m resources.simulator",
        description="A Client Portal Gateway that runs offline: simulated accounts over a simulated market.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _describe(parser)
    given = parser.parse_args(arguments)
    options = Options(
        seed=given.seed,
        clock=given.clock,
        accounts=given.accounts,
        positions=given.positions,
        adviser=given.adviser,
        opened=given.opened,
        market=given.market,
        replay=given.replay,
        faults=(*given.faults, *given.night),
        control=not given.no_control,
        tls=not given.http,
        certificate=given.certificate,
        logged_in=not given.logged_out,
        pacing=not given.no_pacing,
        deny=tuple(given.deny),
        lifetime=Lifetime(region=REGIONS[given.region]),
    )
    return options if given.universe is None else replace(options, universe=given.universe), given.port


def _describe(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=int, default=5000, help="where to listen; 0 takes a free port (%(default)s)")
    add("--host", choices=LOOPBACKS, default=LOOPBACK, help="the loopback interface, and no other (%(default)s)")
    add("--http", action="store_true", help="without TLS")
    add("--seed", type=int, default=7, help="another number is another world (%(default)s)")
    add("--clock", type=_clock, metavar="TIME", help="the present: 2026-11-23T18:30 in New York, or a date's evening")
    add("--accounts", type=int, default=1, metavar="N", help="how many accounts (%(default)s)")
    add("--positions", type=int, default=158, metavar="N", help="how many each holds (%(default)s)")
    add("--adviser", action="store_true", help="the accounts are the clients of an adviser, who has one more")
    add("--opened", type=_day, metavar="DATE", help="when the accounts were opened (a year or two ago)")
    add("--universe", type=int, metavar="N", help="how many contracts exist (as many as the positions need)")
    add("--market", type=_path, metavar="PATH", help="CSV file or folder: date,open,high,low,close,volume[,symbol]")
    add("--replay", type=_path, metavar="DIR", help="answer from a folder of recorded envelopes")
    add("--logged-out", action="store_true", help="start before the login, which its page then asks for")
    add("--no-pacing", action="store_true", help="without the documented limits and their penalty box")
    add("--deny", action="append", default=[], metavar="ADDRESS", help="refuse it: ips.deny of conf.yaml, with *")
    add("--region", choices=REGIONS, default="new-york", help="whose midnight ends the login (%(default)s)")
    add("--faults", type=_rules, default=(), metavar="FILE", help="rules of what goes wrong and when, TOML or JSON")
    add("--night", type=_night, default=(), metavar="NAME", help=f"a ready-made night: {', '.join(nights())}")
    add("--list-faults", action=_ListFaults, nargs=0, help="what can go wrong, with its parameters, and stop")
    add("--no-control", action="store_true", help="without the control plane at /simulator/")
    add("--certificate", type=Path, metavar="FOLDER", help="keep the certificate there between starts")


def _clock(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rules(text: str) -> tuple[Rule, ...]:
    try:
        return read_rules(Path(text))
    except FaultsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _night(name: str) -> tuple[Rule, ...]:
    known = nights()
    if name not in known:
        raise argparse.ArgumentTypeError(f"{name} is not one of {', '.join(known)}")
    return read_rules(known[name])


def _path(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return path


def announcement(running: Running) -> str:
    """Where it listens, who is logged in, when it is, and how to pin its certificate."""
    ids = running.simulation.account_ids
    who = ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
    page = running.url.removesuffix("v1/api")
    now = running.simulation.clock.now().astimezone(NEW_YORK)
    words = [
        f"Simulated gateway at {running.url}",
        f"{USER_NAME} is logged in ({who})" if running.simulation.session.logged_in else f"log in at {page} ({who})",
        f"it is {now:%Y-%m-%d %H:%M} in New York",
    ]
    if running.certificate is not None:
        words.append(f"pin its certificate: python -m resources.gateway pin --url {running.url}")
    return "; ".join(words)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop."""
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    options, port = parse(arguments)
    try:
        with serve(options, port=port) as running:
            sys.stdout.write(f"{announcement(running)}\n")
            sys.stdout.flush()
            stop.wait()
    except ValueError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
