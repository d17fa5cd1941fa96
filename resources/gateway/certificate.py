"""The gateway's certificate: fetched once, looked at by a person, then trusted alone by its fingerprint.

The stock certificate is self-signed, expired since 2019 and names no host, so the usual three checks
(chain, date, name) all fail at once. A pinned fingerprint is stricter than those: exactly this key.
"""

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from resources.gateway.address import read_address
from resources.gateway.errors import Refused, Unreachable, Untrusted

NO_TLS = "what answers there does not speak TLS."


@dataclass(frozen=True, slots=True)
class Pin:
    """A certificate as PEM text, and its SHA-256 fingerprint in hex."""

    pem: str

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.pem)).hexdigest()

    @property
    def readable(self) -> str:
        """The fingerprint as browsers show it."""
        text = self.fingerprint.upper()
        return ":".join(text[i : i + 2] for i in range(0, len(text), 2))


def read_pin(path: Path) -> Pin:
    """The pinned certificate in a PEM file."""
    try:
        pin = Pin(path.read_text())
        _ = pin.fingerprint
    except (OSError, ValueError) as error:
        raise Untrusted(
            f"IBKR_GATEWAY_CERT={path}: no readable PEM certificate there ({error}). "
            "Write it with: python -m resources.gateway pin"
        ) from error
    return pin


def fetch_pin(url: str, *, timeout: float = 10.0) -> Pin:
    """The certificate that answers at `url`, unverified: it is for a person to confirm."""
    try:
        parts = urlsplit(read_address(url, allow_remote=True))  # whoever names it by hand has said so
    except ValueError as error:
        raise Refused(f"Fetching the certificate of {url}: {error}") from error
    if parts.scheme == "http":
        raise Refused(f"Fetching the certificate of {url}: plain http has none, and on this machine needs none.")
    try:
        return Pin(ssl.get_server_certificate((parts.hostname or "localhost", parts.port or 443), timeout=timeout))
    except OSError as error:
        if is_plain(error):
            raise Unreachable(f"Fetching the certificate of {url}: {NO_TLS} Plain http needs no pin.") from error
        raise Unreachable(
            f"Fetching the certificate of {url}: {error}. Start the gateway and check the address."
        ) from error


def is_plain(error: Exception) -> bool:
    """Whether TLS failed because the other side does not speak it."""
    return any(words in str(error) for words in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"))
