"""What a fault is: a named change of one exchange, made of plain values.

Belongs here: the values that faults work on, and what every fault can say about itself. Does not: the
faults (their families are modules of their own), when they strike (`rule.py`), the wire (`disturbed.py`).

A fault is a pure function of the request, its reply and, where it needs one, another reply. Waiting and
cutting connections are told in the reply (`seconds`, `sent`) and done at the rim, so that all of it is
tested with plain values.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict

JSON = "application/json;charset=utf-8"
LONGEST_NUMBER = 19  # digits; anything above is no page
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """A request below the API's prefix. `draw` in [0, 1) is its dice, from seed, rule and occurrence."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    at: datetime = EPOCH
    draw: float = 0.0

    @property
    def page(self) -> int | None:
        """The page it asks for: `page` in the query, or a number at the end of the path."""
        text = dict(self.query).get("page", self.path.rsplit("/", 1)[-1])
        return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else None

    def neighbour(self, step: int) -> "Request":
        """The same for a page before or after."""
        number = str((self.page or 0) + step)
        if "page" in dict(self.query):
            query = tuple((key, number if key == "page" else text) for key, text in self.query)
            return replace(self, query=query)
        return replace(self, path=f"{self.path.rsplit('/', 1)[0]}/{number}")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply on its way out: `seconds` late, and only `sent` of its body (0 to 1) when the connection drops."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    waits: bool = True  # really; or by the simulated clock
    sent: float | None = None

    @property
    def json(self) -> Any:
        """The decoded body; None when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def saying(self, value: Any) -> "Reply":
        """The same with another body."""
        return replace(self, body=orjson.dumps(value))

    def headed(self, **headers: str) -> "Reply":
        """The same with more headers; an underscore stands for a hyphen."""
        return replace(self, headers={**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})


def told(status: int, value: Any) -> Reply:
    """A reply in JSON."""
    return Reply(status, orjson.dumps(value), {"content-type": JSON})


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a fault is given: a request, its reply so far and, for some, another reply."""

    request: Request
    reply: Reply
    other: Reply | None = None


class Fault(BaseModel):
    """One way to go wrong. Its first line says what it is; `fault` is its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    fault: str = ""
    is_instead: ClassVar[bool] = False  # of the endpoint, which is never asked
    needs_answer: ClassVar[bool] = False  # it leaves errors alone
    keeps_first: ClassVar[bool] = False  # the other reply is the first one to the same request

    def suits(self, reply: Reply) -> bool:
        """Whether there is anything in a reply that it could spoil."""
        return not self.needs_answer or (reply.status == 200 and reply.json is not None)

    @property
    def looks(self) -> int:
        """How many pages away the other reply is that it needs; 0 when it needs none."""
        return 0

    def beside(self, request: Request) -> Request | None:
        """The request of that other reply; none before the first page, and none of what has no pages."""
        page = request.page
        return request.neighbour(self.looks) if self.looks and page is not None and page + self.looks >= 0 else None

    def strike(self, met: Exchange) -> Reply:
        """What becomes of the reply."""
        raise NotImplementedError

    @classmethod
    def says(cls) -> str:
        """What it is, in one line."""
        return (cls.__doc__ or "").strip().splitlines()[0]
