"""Why an order is not taken.

Refusal
├── Malformed   the request cannot be read: 400
├── Rejected    it can, but the order may not be placed: 200 with an error in the body
├── Unknown     there is no such order or question: 400
└── Late        the question was not answered in time: 503

Belongs here: them, by what the gateway answers. Does not: the reasons (`tickets.py`, `review.py`).
"""


class Refusal(Exception):
    """A request about an order that was turned down."""


class Malformed(Refusal):
    """Not what the gateway can read."""


class Rejected(Refusal):
    """Readable, and refused by the broker."""


class Unknown(Refusal):
    """An order or a question that is not there (any more)."""


class Late(Refusal):
    """Answered after the gateway had given up."""
