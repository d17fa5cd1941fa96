"""The prefixes of the API: an endpoint is the same below each of them.

Belongs here: finding an endpoint in a whole path. Does not: what is answered there, or elsewhere (`routes/`).
"""

PREFIXES = ("/v1/api", "/v1/portal")


def endpoint(path: str) -> str | None:
    """The path below the API's prefix, without the slash that may end it; None when it lies elsewhere."""
    for prefix in PREFIXES:
        if path.startswith(f"{prefix}/"):
            return path[len(prefix) :].rstrip("/") or "/"
    return None
