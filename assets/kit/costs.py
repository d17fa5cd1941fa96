"""What a landing asked of the gateway, and how much of it the API leaves no way around.

Belongs here: the numbers as metadata and as tags of the run. Does not: counting (`resources/gateway/exchange.py`).
A request is necessary when its answer was one that a dataset asked for, or the first of its kind that the session
wants; tries that failed and looks at a session that is not up yet are beyond. Whether a dataset could ask less is its
own affair: `asked_again_by_rule` are the readings that it repeats on purpose.
"""

from resources.gateway.exchange import Tally


def costs(before: Tally, after: Tally) -> dict[str, int]:
    """Of the landing, and of the run so far, the session's own requests included."""
    return {
        "requests": after.requests - before.requests,
        "fewest_requests": after.necessary - before.necessary,
        "requests_beyond_fewest": after.beyond_fewest - before.beyond_fewest,
        "asked_again_by_rule": after.asked_again - before.asked_again,
        "run_requests": after.requests,
        "run_requests_beyond_fewest": after.beyond_fewest,
    }


def tags_of(tally: Tally) -> dict[str, str]:
    """What the list of runs shows."""
    return {"ibkr/requests": str(tally.requests), "ibkr/requests_beyond_fewest": str(tally.beyond_fewest)}
