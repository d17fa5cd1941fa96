"""Who reaches the gateway, and whether it reaches anybody: its address filter, and the network in front of IBKR.

Belongs here: both refusals, and their words. Does not: refusals for the form of a request (`gate.py`).

The filter is `ips.allow` and `ips.deny` of the gateway's conf.yaml, patterns with `*`; a denied address wins. Its
refusal is a 404 in the 2023 jar and a 403 in older reports. The network in front of IBKR blocks an address for
reasons of its own, whatever is asked, with a page that names a reference number.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.responses import Response

from resources.simulator import reply

ACCESS_DENIED = """<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>
<H1>Access Denied</H1>You don't have permission to access this server.<P>
Reference&#32;&#35;18&#46;5adc1602&#46;1790000000&#46;1a2b3c4d</BODY></HTML>"""


@dataclass(slots=True)
class Network:
    """The way from a client to IBKR. A test or a control plane sets the attributes."""

    allow: tuple[str, ...] = ("*",)
    deny: tuple[str, ...] = ()
    denied_status: int = 404  # or 403
    blocked: bool = False  # by the network in front of IBKR

    def turned_away(self, address: str) -> Response | None:
        """The refusal for whoever calls from that address."""
        if _matches(address, self.deny) or not _matches(address, self.allow):
            return reply.text(self.denied_status, "Access Denied")
        return reply.text(403, ACCESS_DENIED, "text/html") if self.blocked else None


def _matches(address: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(address, pattern) for pattern in patterns)
