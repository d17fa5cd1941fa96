"""A simulated gateway over HTTPS for clients that other people wrote.

Such clients trust a certificate through the system's checks, which the gateway's own fails by design. As on a
desk, it is replaced by one that names the host; the client then gets that file as its authority.

The clients know no pauses between requests, so the simulated clock goes ahead of each: limits hold, by that clock.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from resources.simulator.accounts.world import Account
from resources.simulator.certificate import CERTIFICATE, KEY
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import NOON

PAUSE = 6.0  # seconds of the simulated clock before each request
AWHILE = 150.0  # in which a market order is filled: the rest of this minute and all of the next
BOOK = 250


@dataclass(frozen=True, slots=True)
class Office:
    """A gateway that runs, and what is simulated behind it."""

    running: Running

    @property
    def simulation(self) -> Simulation:
        assert isinstance(self.running.simulation, Simulation)
        return self.running.simulation

    @property
    def account(self) -> Account:
        return self.simulation.world.accounts[0]

    @property
    def origin(self) -> str:
        address = urlsplit(self.running.url)
        return f"{address.scheme}://{address.netloc}"

    @property
    def authority(self) -> str:
        return str(self.running.certificate)

    def later(self, seconds: float = PAUSE) -> None:
        self.simulation.clock.advance(timedelta(seconds=seconds))

    def price(self, conid: int) -> float:
        """Of the simulated market, now."""
        instrument = self.simulation.market.instrument(conid)
        assert instrument is not None
        return self.simulation.market.price(instrument, self.simulation.clock.now())

    def book(self) -> dict[int, float]:
        """Quantities by contract, as the simulation has them."""
        return {row.contract.conid: row.quantity for row in self.simulation.valuation(self.account).rows}


Open = Callable[..., Office]


@contextmanager
def offices(folder: Path) -> Iterator[Open]:
    """Gateways on ports of their own, closed when the block ends."""
    issue(folder)
    with ExitStack() as stack:

        def opened(*, accounts: int = 1, positions: int = 10) -> Office:
            options = Options(clock=NOON, accounts=accounts, positions=positions, certificate=folder)
            return Office(stack.enter_context(serve(options)))

        yield opened


@pytest.fixture(scope="session")
def open_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with offices(tmp_path_factory.mktemp("certificate")) as opened:
        yield opened


@pytest.fixture(scope="session")
def office(open_office: Open) -> Office:
    """One account with three pages of positions; every test leaves it able to go on."""
    return open_office(positions=BOOK)


def issue(folder: Path) -> None:
    """A certificate for this machine, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / CERTIFICATE).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / KEY).write_bytes(key.private_bytes(serialization.Encoding.PEM, *secret))
