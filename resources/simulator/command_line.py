"""The words of the command line: what can be chosen, and what is wrong with a choice.

Belongs here: `python -m resources.simulator`'s arguments. Does not: what they lead to (`options.py`).
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

from resources.simulator import flavour
from resources.simulator.clock import parse_instant
from resources.simulator.faults import catalogue
from resources.simulator.faults.files import FaultsError, nights, read_rules
from resources.simulator.faults.rule import Rule
from resources.simulator.lifetime import Lifetime, Region
from resources.simulator.options import Options
from resources.simulator.server import LOOPBACK

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


class _List(argparse.Action):
    """Prints the lines of `const` and stops."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        sys.stdout.write("\n".join([*self.const(), ""]))
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
    try:
        chosen = flavour.flavoured(given.build, given.flavour)
    except flavour.FlavourError as error:
        parser.error(f"--flavour {error}")
    options = Options(
        seed=given.seed,
        clock=given.clock,
        accounts=given.accounts,
        positions=given.positions,
        adviser=given.adviser,
        opened=given.opened,
        market=given.market,
        replay=given.replay,
        flavour=chosen,
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
    add(
        "--market",
        type=_path,
        metavar="PATH",
        help="CSV file or folder: date,open,high,low,close,volume[,symbol][,split]",
    )
    add("--replay", type=_path, metavar="DIR", help="answer from a folder of recorded envelopes")
    add("--logged-out", action="store_true", help="start before the login, which its page then asks for")
    add("--no-pacing", action="store_true", help="without the documented limits and their penalty box")
    add("--deny", action="append", default=[], metavar="ADDRESS", help="refuse it: ips.deny of conf.yaml, with *")
    add("--region", choices=REGIONS, default="new-york", help="whose midnight ends the login (%(default)s)")
    add("--faults", type=_rules, default=(), metavar="FILE", help="rules of what goes wrong and when, TOML or JSON")
    add("--night", type=_night, default=(), metavar="NAME", help=f"a ready-made night: {', '.join(nights())}")
    add(
        "--list-faults",
        action=_List,
        const=catalogue.listed,
        nargs=0,
        help="what can go wrong, and stop",
    )
    add("--build", choices=flavour.BUILDS, default="newest", help="which gateway it resembles (%(default)s)")
    add("--flavour", action="append", default=[], metavar="NAME=VALUE", help="one difference between builds by itself")
    add("--list-flavours", action=_List, const=flavour.listed, nargs=0, help="those differences, and stop")
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
