"""The gateway's address: what may stand in IBKR_GATEWAY_URL, decided before anything is sent. Pure.

Belongs here: the form of a URL and where plain http is safe. Does not: who answers there
(`certificate.py`), how it is spoken to (`transport.py`).
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

EXAMPLE = "https://localhost:5000/v1/api"


def read_address(url: str) -> str:
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
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def login_page(url: str) -> str:
    """Where a person logs in at the gateway with that API address; a login page's own address stays as it is."""
    return url.rstrip("/").removesuffix("/v1/api")
