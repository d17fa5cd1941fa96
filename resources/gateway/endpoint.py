"""An endpoint: a listed method and path, its pacing, its paging. Pure.

Belongs here: how a request is spelled and how a reply's request is recognised; what stands in an endpoint's place
for records of our own. Does not: what the reply means for a dataset (its own file), when it is sent (`pacing.py`,
`client.py`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import quote

from resources.envelope import Envelope, Request
from resources.gateway.allowed import ALLOWED, Tier
from resources.gateway.errors import NotListed
from resources.gateway.pacing import Limit
from resources.gateway.wire import decipher


@dataclass(frozen=True)
class Page:
    """A good reply: what was asked (`params`), the decoded `json`, and the envelope it came in.

    `earlier` are good replies to the same request that it follows, where what they told adds to it.
    """

    endpoint: "Endpoint | Local"
    envelope: Envelope
    earlier: tuple["Page", ...] = field(default=(), repr=False, compare=False)

    @cached_property
    def json(self) -> Any:
        return decipher(self.envelope.request, self.envelope.status, self.envelope.body)

    def take_over(self, json: Any) -> None:
        """Have what was decoded elsewhere, equal to its own, as its `json`."""
        self.__dict__["json"] = json

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """What was asked for, from path, query and body together."""
        request = self.envelope.request
        body = request.body if isinstance(request.body, dict) else {}
        return {**self.endpoint.params_of(request), **request.query, **body}


Ask = Callable[..., Page]
Paging = Callable[[Ask], Iterator[Page]]


def single(ask: Ask) -> Iterator[Page]:
    """One reply holds everything."""
    yield ask()


@dataclass(frozen=True, slots=True)
class Numbered:
    """Pages 0, 1, 2, ... up to and including the first that comes back short."""

    size: int

    def __call__(self, ask: Ask) -> Iterator[Page]:
        for number in count():
            page = ask(page=number)
            yield page
            if self.is_last(page):
                return

    def is_last(self, page: Page) -> bool:
        """Whether no page follows; none follows what is no list, which nobody can count."""
        return not isinstance(page.json, list) or len(page.json) < self.size


@dataclass(frozen=True, slots=True)
class Totalled:
    """Pages 0, 1, 2, ... of the query, up to as many rows as `metadata.total` says that there are.

    Builds that answer with a bare array say nothing of a total: theirs ends with a page that is not full, or that
    comes twice, since some of them do not look at the page's number.
    """

    under: str
    size: int

    def __call__(self, ask: Ask) -> Iterator[Page]:
        before: list[Any] | None = None
        held = 0
        for number in count():
            page = ask(query={"page": number})
            yield page
            found, total = self.rows_of(page), self.total_of(page)
            held += len(found)
            if not found or found == before or (len(found) != self.size if total is None else held >= total):
                return
            before = found

    def rows_of(self, page: Page) -> list[Any]:
        """The rows of a page, bare or under their name; none of a reply that is neither."""
        found = page.json.get(self.under) if isinstance(page.json, dict) else page.json
        return found if isinstance(found, list) else []

    def total_of(self, page: Page) -> int | None:
        """How many rows there are in all, where it is told."""
        metadata = page.json.get("metadata") if isinstance(page.json, dict) else None
        total = metadata.get("total") if isinstance(metadata, dict) else None
        return total if isinstance(total, int) else None


@dataclass(frozen=True, eq=False)
class Endpoint:
    """`method` and `path` as documented, `{braces}` for what is filled in; must be on the allowed list.

    `limit` is the documented rate of this endpoint beyond the global one, `concurrent` how many of its requests
    may be under way at once; `cold_tries` how often a reply that says "no data" is asked again, where a cold
    gateway says so of data it has.
    """

    path: str
    method: str = "GET"
    paging: Paging = single
    limit: Limit | None = None
    concurrent: int | None = None
    cold_tries: int = 1

    def __post_init__(self) -> None:
        if (self.method, self.path) not in ALLOWED:
            raise NotListed(
                f"{self.method} {self.path} is not on the list of what may be sent. "
                "If it only reads, add it to resources/gateway/allowed.py."
            )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def tier(self) -> Tier:
        """How much of a session it needs."""
        return ALLOWED[self.method, self.path]

    def request(
        self, *, query: Mapping[str, Any] | None = None, body: Any = None, called: str = "", **params: Any
    ) -> Request:
        """The request with its path filled in; values are quoted, so none can reach another path."""
        filled = {name: quote(str(value), safe="") for name, value in params.items()}
        if any(value in {"", ".", ".."} for value in filled.values()):
            raise NotListed(f"{self}: {params} would name another path. Nothing was sent.")
        return Request(
            method=self.method,
            path=self.path.format(**filled),
            query={name: str(value) for name, value in (query or {}).items()},
            body=body,
            name=called,
        )

    def answers(self, request: Request) -> bool:
        """Whether the request is one of this endpoint's."""
        return request.method == self.method and self._pattern.fullmatch(request.path) is not None

    def params_of(self, request: Request) -> dict[str, str]:
        """What the request's path was filled in with."""
        found = self._pattern.fullmatch(request.path)
        return found.groupdict() if found else {}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


@dataclass(frozen=True, eq=False, slots=True)
class Local:
    """What our own processes wrote down, where other datasets have an endpoint: kept and read like a reply, never sent.

    It is no `Endpoint` and shares nothing with one that could reach the gateway: no tier, no limit, a method that
    no list allows.
    """

    path: str
    method: str = field(default="LOCAL", init=False)
    paging: Paging = field(default=single, init=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def request(self, **query: object) -> Request:
        """What an envelope of it says was asked."""
        return Request(self.method, self.path, {name: str(value) for name, value in query.items()})

    def answers(self, request: Request) -> bool:
        """Whether an envelope is of it."""
        return (request.method, request.path) == (self.method, self.path)

    def params_of(self, request: Request) -> dict[str, str]:  # noqa: ARG002
        """Nothing: its path is not filled in."""
        return {}
