"""The gateway's address: what may stand in IBKR_GATEWAY_URL, decided before anything is sent. Pure.

Belongs here: the form of a URL, what is this machine, and where plain http is safe. Does not: who answers there
(`certificate.py`), how it is spoken to (`transport.py`).

The gateway has one login for whoever reaches it, so it belongs on the machine that uses it: another one is refused
unless the owner says that it is meant. This machine is 127.0.0.0/8, ::1 and `localhost`, nothing else. A name that
some file or container network points here today (`gateway`, `host.docker.internal`) may point elsewhere tomorrow.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

EXAMPLE = "https://localhost:5000/v1/api"


LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def read_address(url: str, *, allow_remote: bool = False) -> str:
    """The URL in its plain form; raises `ValueError` with what is wrong with it, in words for a person."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"use a URL such as {EXAMPLE}")
    if not parts.hostname or any(one.isspace() for one in parts.netloc + parts.path):
        raise ValueError(f"it names no host. Use a URL such as {EXAMPLE}")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"its port is not one ({error}). Use a URL such as {EXAMPLE}") from error
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"it holds more than host, port and path. Use a URL such as {EXAMPLE}")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("plain http is only accepted on this machine. Use https://")
    if not allow_remote and not _is_loopback(parts.hostname):
        raise ValueError(
            f"{parts.hostname} is not this machine. Use {EXAMPLE}, or set allow_remote = true "
            "below [gateway] in the configuration if it is meant"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return "%" not in host and any(ip_address(host) in network for network in LOOPBACK)
    except ValueError:
        return host == "localhost"


def login_page(url: str) -> str:
    """Where a person logs in at the gateway with that API address; a login page's own address stays as it is."""
    return url.rstrip("/").removesuffix("/v1/api")
