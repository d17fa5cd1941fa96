"""The prefixes of the API: an endpoint is the same below each of them.

Belongs here: finding an endpoint in a whole path. Does not: what is answered there, or elsewhere (`routes/`).
"""

import re

SLASHES = re.compile("//+")  # clients that join addresses by hand send two in a row
PREFIXES = ("/v1/api", "/v1/portal")


def endpoint(path: str) -> str | None:
    """The path below the API's prefix, without slashes too many; None when it lies elsewhere."""
    for prefix in PREFIXES:
        if path.startswith(f"{prefix}/"):
            return SLASHES.sub("/", path[len(prefix) :]).rstrip("/") or "/"
    return None
