"""The conversation about an order: questions, answers, and what may come in between.

Belongs here: one pending question per gateway, and which kinds of question a client wants to hear no more. Does not:
which questions there are (`questions.py`), wire shapes.

Another request about an order, a new brokerage session or a minute's silence ends a conversation; the order
that it was about is then gone without a trace.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from resources.simulator.orders.funds import Preview
from resources.simulator.orders.order import Order
from resources.simulator.orders.questions import MOST, Question
from resources.simulator.orders.refusals import Late, Malformed, Rejected, Unknown
from resources.simulator.session import Session

PATIENCE = 60  # seconds
MOST_SUPPRESSED = 51
Done = Sequence[Order] | Preview
Action = Callable[[], Done]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer."""

    reply_id: str
    question: Question
    others: Sequence[Question]
    action: Action
    at: int
    session: int


class Dialogue:
    """Asks, and acts once everything is answered."""

    def __init__(self, session: Session, now: Callable[[], int], seed: int) -> None:
        self._session = session
        self._now = now
        self._seed = seed
        self._count = 0
        self._asked: Asked | None = None
        self._suppressed: set[str] = set()
        self._suppressed_in = 0

    def interrupt(self) -> None:
        """Another request came in between."""
        self._asked = None

    def begin(self, questions: Iterable[Question], action: Action) -> Asked | Done:
        """Ask what is to be asked, or act at once."""
        self.interrupt()
        heard = self.suppressed()
        fresh = {question.message_id: question for question in questions if question.message_id not in heard}
        return self._ask(list(fresh.values())[:MOST], action)

    def answer(self, reply_id: str, confirmed: object) -> Asked | Done:
        """Go on after a yes."""
        asked, self._asked = self._asked, None
        if asked is None or asked.reply_id != reply_id or asked.session != self._session.number:
            raise Unknown(f"Bad Request: no question {reply_id} is waiting for a reply")
        if self._now() - asked.at > PATIENCE:
            raise Late("Service Unavailable")
        if not isinstance(confirmed, bool):
            raise Malformed("confirmed must be true or false")
        if not confirmed:
            raise Rejected("Order was not submitted: the message was not confirmed")
        return self._ask(asked.others, asked.action)

    def suppress(self, message_ids: Sequence[str]) -> None:
        """Ask these no more in this brokerage session."""
        self._suppressed = {*self.suppressed(), *message_ids}
        self._suppressed_in = self._session.number

    def reset(self) -> None:
        """Ask everything again."""
        self._suppressed = set()

    def suppressed(self) -> set[str]:
        """What is not asked in this brokerage session."""
        return self._suppressed if self._suppressed_in == self._session.number else set()

    def _ask(self, questions: Sequence[Question], action: Action) -> Asked | Done:
        if not questions:
            return action()
        self._count += 1
        reply_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._seed}:{self._session.number}:{self._count}"))
        self._asked = Asked(reply_id, questions[0], questions[1:], action, self._now(), self._session.number)
        return self._asked
