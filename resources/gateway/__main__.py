"""`python -m resources.gateway pin`: fetch the gateway's certificate, show it, write it for pinning."""

import argparse
import sys
from pathlib import Path
from shlex import quote

from rich.console import Console
from rich.text import Text
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from resources.gateway.certificate import Pin, fetch_pin
from resources.gateway.errors import GatewayError, Unreachable
from resources.private import make_folder, open_file


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m resources.gateway", description="Trust a gateway's certificate.")
    commands = parser.add_subparsers(dest="command", required=True)
    pin = commands.add_parser("pin", help="fetch the certificate, show its fingerprint, write it as PEM")
    pin.add_argument("--url", default="https://localhost:5000/v1/api", help="where the gateway listens")
    pin.add_argument("--out", type=Path, default=Path("data/gateway.pem"), help="where to write the PEM")
    pin.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="for a gateway that is just starting")
    pin.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    return _pin(parser.parse_args())


def _pin(arguments: argparse.Namespace) -> int:
    console, errors = Console(highlight=False, emoji=False), Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        found = _patiently(arguments.url, arguments.wait)
    except GatewayError as error:
        errors.print(f"[red]✗[/red] {error}")
        return 2
    console.print(
        f"The certificate at {arguments.url} has the SHA-256 fingerprint\n  [bold]{found.readable}[/bold]",
        soft_wrap=True,
    )
    if not arguments.yes and not _agreed(console):
        errors.print("Nothing was written.")
        return 1
    try:
        make_folder(arguments.out.parent)
        with open_file(arguments.out) as file:
            file.write(found.pem.encode())
    except OSError as error:
        errors.print(f"[red]✗[/red] Writing the certificate: {error}. Name another place with --out.")
        return 2
    console.print(
        Text.assemble("Written. Now: ", (f"export IBKR_GATEWAY_CERT={quote(str(arguments.out))}", "bold")),
        soft_wrap=True,
    )
    return 0


def _patiently(url: str, seconds: float) -> Pin:
    retrying = Retrying(
        retry=retry_if_exception_type(Unreachable), stop=stop_after_delay(seconds), wait=wait_fixed(0.5), reraise=True
    )
    return retrying(fetch_pin, url)


def _agreed(console: Console) -> bool:
    try:
        return console.input("Is this your gateway? Trust exactly this certificate? \\[y/N] ").strip().lower() == "y"
    except EOFError:  # nobody there to be asked
        return False


if __name__ == "__main__":
    sys.exit(main())
