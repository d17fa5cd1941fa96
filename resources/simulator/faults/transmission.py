"""Faults of the way between: late, cut off, mangled, or dated by a wrong clock.

Belongs here: whatever spoils a reply without understanding it. Does not: its rows and values (`rows.py`,
`values.py`), replies that never came from an endpoint (`refusals.py`).

Seconds are simulated ones. Where `waits` is true the client really waits for them (divided by the clock's
rate), since only real waiting brings a client's own timeout about; where it is false the simulated clock jumps
by as much and the reply comes at once, so that a test of slow mornings is a quick one.
"""

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Literal

from pydantic import Field

from resources.simulator.faults.fault import Exchange, Fault, Reply


class Reset(Fault):
    """The connection is dropped: before the reply (`sent` 0) or in the middle of its body. The request was done."""

    fault: Literal["reset"] = "reset"
    sent: float = Field(0.0, ge=0, lt=1, description="share of the body that still arrives; 0 is nothing at all")

    def strike(self, met: Exchange) -> Reply:
        return replace(met.reply, sent=self.sent)


class Slow(Fault):
    """The reply comes late."""

    fault: Literal["slow"] = "slow"
    seconds: float = Field(2.0, ge=0, le=60)
    waits: bool = Field(True, description="really; false lets the time pass on the simulated clock at once")

    def strike(self, met: Exchange) -> Reply:
        seconds = met.reply.seconds + self.seconds
        late = replace(met.reply, seconds=seconds, waits=self.waits)
        return late.headed(x_response_time=f"{round(seconds * 1000)}ms")


class Truncated(Fault):
    """The body ends too soon, while the exchange itself ends in order."""

    fault: Literal["truncated"] = "truncated"
    kept: float = Field(0.5, ge=0, lt=1, description="share of the body that is kept")

    def strike(self, met: Exchange) -> Reply:
        return replace(met.reply, body=met.reply.body[: int(len(met.reply.body) * self.kept)])


class Malformed(Fault):
    """JSON with one mistake: a trailing comma, single quotes, a bare word, or a line of text after it."""

    fault: Literal["malformed"] = "malformed"
    how: Literal["comma", "quotes", "bare", "tail"] = "comma"

    def strike(self, met: Exchange) -> Reply:
        body = met.reply.body
        match self.how:
            case "comma":
                spoiled = body[:-1] + b"," + body[-1:]
            case "quotes":
                spoiled = body.replace(b'"', b"'") if b'"' in body else body + b"'"
            case "bare":
                spoiled = body[:-1] + b"undefined" + body[-1:]
            case "tail":
                spoiled = body + b"\nClient logout succeeded"
        return replace(met.reply, body=spoiled)


class Skewed(Fault):
    """The Date header is off by some seconds, as from a machine with a wrong clock."""

    fault: Literal["skewed"] = "skewed"
    seconds: int = Field(3600, ge=-400 * 86400, le=400 * 86400, description="ahead; behind when negative")

    def strike(self, met: Exchange) -> Reply:
        date = format_datetime(met.request.at + timedelta(seconds=self.seconds), usegmt=True)
        return met.reply.headed(date=date, expires=date)
