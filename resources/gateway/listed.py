"""The last gate before the wire: a request goes out only when it spells a listed method and path exactly. Pure.

Belongs here: whether a finished request may be sent, however it came about. Does not: the list (`allowed.py`), how
an endpoint fills its path in (`endpoint.py`), sending (`transport.py`, which asks here before it opens a connection).

`Endpoint` refuses to exist for what is not listed, but a `Request` can be written by hand, and what is filled in could
be read differently by the servers behind the gateway: they decode `%2e%2e%2f` and tidy up `//` in ways nobody has
documented. So what stands in the braces is a number, or an id in letters that mean the same to everybody. That a page
is a number matters: `positions/{page}` would otherwise spell `positions/invalidate`.
"""

import re
from functools import cache

from resources.envelope import Request
from resources.gateway.allowed import ALLOWED
from resources.gateway.errors import NotListed

NUMBER = r"[0-9]+"
IDENTIFIER = r"(?!\.+(?:/|\Z))[A-Za-z0-9._-]+"  # no slash, no percent sign, nothing that only dots
FILLED = {"page": NUMBER, "conid": NUMBER}


def require_listed(request: Request) -> None:
    """Raise `NotListed` for a request that is not one of the list, letter by letter."""
    method = request.method
    if not any(method == listed and _form(path).fullmatch(request.path) for listed, path in ALLOWED):
        raise NotListed(f"{request} is not on the list of what may be sent. Nothing was sent.")


@cache
def _form(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)  # by turns text and the name of what is filled in
    return re.compile(
        "".join(FILLED.get(part, IDENTIFIER) if at % 2 else re.escape(part) for at, part in enumerate(parts))
    )
