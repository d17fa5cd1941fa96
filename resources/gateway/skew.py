"""How far this machine's clock is from the gateway's. Pure.

Belongs here: the difference that a reply proves, and when it is worth a word. Does not: which of the two is right
(the gateway's, for whatever is landed), who is told (whoever asks here).

`Date` has whole seconds, cut off: the gateway's clock stood anywhere within that second. And the reply was some time on
its way, which makes this machine look ahead; so the instant of asking counts too where it is known. What either can
explain is no difference. A clock that is wrong matters to what this machine decides alone: when a schedule starts,
how old a reply is, how long a penalty lasts.
"""

from datetime import datetime, timedelta

RESOLUTION = timedelta(seconds=1)
WORTH_A_WORD = timedelta(minutes=1)
NONE = timedelta(0)


def skew(told: datetime, *, received: datetime, sent: datetime | None = None) -> timedelta:
    """The least by which the local clock is ahead (or, negative, behind) of a gateway whose `Date` said `told`.

    `received` and `sent` are the local clock's; without `sent` the way is taken to be no time at all.
    """
    asked = received if sent is None else min(sent, received)
    if asked >= told + RESOLUTION:
        return asked - (told + RESOLUTION)
    if received < told:
        return received - told
    return NONE


def in_words(ahead: timedelta) -> str | None:
    """One line about a skew of more than a minute; None when there is nothing to say."""
    if abs(ahead) <= WORTH_A_WORD:
        return None
    return (
        f"This machine's clock is {_length(abs(ahead))} {'ahead of' if ahead > NONE else 'behind'} the gateway's. "
        "Days and times are the gateway's all the same; set this clock (NTP), or schedules start at the wrong time."
    )


def _length(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    if minutes < 2:
        return f"{time.total_seconds():.0f} seconds"
    if minutes < 120:
        return f"{minutes} minutes"
    hours = round(time.total_seconds() / 3600)
    return f"{hours} hours" if hours < 48 else f"{round(time.total_seconds() / 86400)} days"
