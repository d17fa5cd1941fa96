"""Bytes out, bytes in: the only module that opens a connection to the gateway.

One connection pool, TLS pinned by fingerprint, the environment's proxies and CA bundles ignored
(`REQUESTS_CA_BUNDLE` would otherwise override what is pinned). Redirects are never followed: a
gateway that redirects is asking for a login.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import IncompleteRead
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.util.retry import Retry
from urllib3.util.ssl_ import create_urllib3_context

from resources.envelope import Request
from resources.gateway.address import read_address
from resources.gateway.certificate import NO_TLS, Pin, is_plain
from resources.gateway.errors import Refused, Unavailable, Unreachable, Untrusted
from resources.gateway.listed import require_listed

USER_AGENT = "ibkr-warehouse"  # without one the CDN answers 403 HTML


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, undeciphered; header names are found whatever their case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_ON_THE_WIRE: ContextVar[Callable[[], None]] = ContextVar("on_the_wire", default=lambda: None)
"""Called when a request has been written whole: the moment that the gateway's limits count."""


class _PlainConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _ON_THE_WIRE.get()()


class _TlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _ON_THE_WIRE.get()()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Tells when a request is on the wire; verifies a pinned certificate by its fingerprint, before a byte of HTTP."""

    def __init__(self, pin: Pin | None) -> None:
        self._pin = pin
        super().__init__(pool_connections=2, pool_maxsize=8, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._pin is not None:
            kwargs["assert_fingerprint"] = self._pin.fingerprint
            # A context of our own keeps urllib3 from reading the system's authorities: 80 ms for each connection.
            kwargs["ssl_context"] = create_urllib3_context(cert_reqs=ssl.CERT_NONE)
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


class Transport:
    """A connection pool to one gateway."""

    def __init__(
        self, base_url: str, *, pin: Pin | None = None, timeout: float = 15.0, allow_remote: bool = False
    ) -> None:
        try:
            self.base_url = read_address(base_url, allow_remote=allow_remote)
        except ValueError as error:
            raise Refused(f"IBKR_GATEWAY_URL={base_url}: {error}") from error
        self._timeout = timeout
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers.update({"User-Agent": USER_AGENT, "Accept": "*/*"})
        # With a pin the fingerprint is the verification; without one, the system's authorities.
        self._http.verify = pin is None
        self._http.mount("https://", _Adapter(pin))
        self._http.mount("http://", _Adapter(None))

    def send(self, request: Request, *, on_the_wire: Callable[[], None] = lambda: None) -> Reply:
        """Send once, if it is listed; `on_the_wire` is called when it was written. Errors say what to do."""
        require_listed(request)
        token = _ON_THE_WIRE.set(on_the_wire)
        try:
            return self._send(request)
        finally:
            _ON_THE_WIRE.reset(token)

    def _send(self, request: Request) -> Reply:
        body = {} if request.method == "POST" and request.body is None else request.body
        try:
            response = self._http.request(
                request.method,
                self.base_url + request.path,
                params=dict(request.query),
                json=body if request.method == "POST" else None,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            if _was_dropped(error):
                raise self._broke_off(request, error) from error
            raise self._untrusted(error) from error
        except requests.exceptions.ConnectionError as error:
            if "fingerprint" in str(error).lower():
                raise self._untrusted(error) from error
            if error.args and isinstance(error.args[0], ProtocolError | ReadTimeoutError):
                raise self._broke_off(request, error) from error
            raise Unreachable(
                f"{request} at {self.base_url}: {_reason(error)}. Start the gateway (bin/run.sh root/conf.yaml), "
                "or set IBKR_GATEWAY_URL to where it listens."
            ) from error
        except requests.exceptions.Timeout as error:
            raise Unavailable(f"{request}: no reply within {self._timeout:g} s. Try later.") from error
        except requests.exceptions.RequestException as error:
            raise self._broke_off(request, error) from error
        return Reply(response.status_code, response.headers, response.content)

    def close(self) -> None:
        self._http.close()

    def _broke_off(self, request: Request, error: Exception) -> Unavailable:
        hint = "" if self.base_url.startswith("https://") else "; a gateway that speaks TLS wants https:// in its URL"
        return Unavailable(f"{request}: the reply broke off ({_reason(error)}). Try again{hint}.")

    def _untrusted(self, error: Exception) -> Untrusted | Unreachable:
        if is_plain(error):
            return Unreachable(f"{self.base_url}: {NO_TLS} Write http:// in IBKR_GATEWAY_URL, or ask its TLS port.")
        return Untrusted(
            f"{self.base_url}: the certificate is not trusted ({_reason(error)}). Fetch it, compare its fingerprint, "
            "and pin it: python -m resources.gateway pin; then set IBKR_GATEWAY_CERT."
        )


def _was_dropped(error: BaseException) -> bool:
    """Whether the other side hung up: what TLS then says sounds like a matter of trust."""
    return any(isinstance(one, ssl.SSLEOFError | ssl.SSLZeroReturnError) for one in _chain(error))


def _reason(error: Exception) -> str:
    """The innermost words of a chain of wrapped errors."""
    chain = list(_chain(error))
    if any(isinstance(one, IncompleteRead) for one in chain):
        return "the connection ended in the middle of it"
    return " ".join(str(chain[-1]).split()).strip(".") or type(chain[-1]).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = inner.__cause__ or (None if inner.__suppress_context__ else inner.__context__)
