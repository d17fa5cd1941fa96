"""The command `python -m resources.simulator`: a Client Portal Gateway that needs no account.

Belongs here: starting, saying so, and stopping. Does not: its words (`command_line.py`), building (`options.py`) or
serving (`server.py`).
"""

import signal
import sys
import threading
from collections.abc import Sequence

from resources.simulator.clock import NEW_YORK
from resources.simulator.command_line import parse
from resources.simulator.server import Running, serve
from resources.simulator.shapes.session import USER_NAME


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
