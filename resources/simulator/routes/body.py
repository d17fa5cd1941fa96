"""Reading the body of a request without trusting it.

Belongs here: JSON objects and lists of account ids. Does not: what they mean.
"""

import orjson
from starlette.requests import Request


async def json_value(request: Request) -> object:
    """The body as whatever it is; None when it is no JSON."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return None


async def json_object(request: Request) -> dict[str, object] | None:
    """The body as an object; None when it is anything else."""
    value = await json_value(request)
    return value if isinstance(value, dict) else None


def texts(value: object) -> list[str]:
    """A list of strings; empty when it is anything else."""
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []
