"""What can go wrong with the gateway, named by what to do about it.

GatewayError
├── Unavailable        ask again, a few times: busy, restarting, cut off mid-reply
├── Garbled            not what the API speaks (HTML, half a JSON, nothing at all): ask again, then look
├── SessionLost        the login stands, the brokerage session does not: initialise it
│   └── NotPrimed      an accounts call must come first: make it, then ask again
├── Waiting            nothing is wrong with the work: it is parked, and goes on when that has passed
│   ├── Postponed      a limit of minutes is not due yet
│   ├── Throttled      a limit was broken: everybody stops for the whole penalty
│   ├── Unreachable    nothing answers at that address: start the gateway
│   ├── Maintenance    the gateway answers, IBKR behind it does not
│   ├── NotReady       the brokerage session does not come up yet
│   └── LoginRequired  only a person with a browser and a phone can fix this
│       └── Competing  the same username is in use elsewhere: a person decides who goes
├── Untrusted          the certificate is not the pinned one: pin it, or find out who answers
├── NoData             the gateway has nothing for this request, now or ever
└── Refused            our request is wrong, asking again changes nothing: no layer ever does
    ├── Gone           the gateway has no such endpoint, or has it no longer: do without
    └── NotListed      it is not on the list of what may be sent, and was not sent

Messages follow one form: what we tried: what came back. What to do.
"""

from datetime import datetime


class GatewayError(Exception):
    """Any trouble with the gateway; its text is for a person."""


class Unavailable(GatewayError):
    """Try again soon."""


class Garbled(GatewayError):
    """The reply is not what the API speaks."""


class SessionLost(GatewayError):
    """The brokerage session is dead while the login stands."""


class NotPrimed(SessionLost):
    """An accounts call must come first."""


class Waiting(GatewayError):
    """The work waits for something to pass; `until` is when, by this machine's clock, where that is known."""

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class Postponed(Waiting):
    """A limit of minutes is not due yet."""


class Throttled(Waiting):
    """A pacing limit was broken; all calls must stop for the whole penalty."""


class Unreachable(Waiting):
    """Nothing answers at that address."""


class Maintenance(Waiting):
    """The gateway answers, and IBKR behind it does not."""


class NotReady(Waiting):
    """The brokerage session does not come up yet."""


class LoginRequired(Waiting):
    """Nobody is logged in."""


class Competing(LoginRequired):
    """The same username holds the brokerage session elsewhere."""


class Untrusted(GatewayError):
    """The certificate is not the one that was pinned."""


class NoData(GatewayError):
    """The gateway has nothing for this request."""


class Refused(GatewayError):
    """Our request is wrong."""


class Gone(Refused):
    """The gateway has no such endpoint."""


class NotListed(Refused):
    """Not on the list of what may be sent; nothing was sent."""
