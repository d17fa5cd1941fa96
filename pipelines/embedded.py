"""The embedded simulator: what `IBKR_GATEWAY_URL` unset means.

Belongs here because this is the only place that may know both the gateway client and its twin. It
starts with the run that uses it and ends with it; its world follows from its seed and the calendar.
"""

from contextlib import ExitStack
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from resources.gateway.resource import Gateway


class EmbeddedGateway(Gateway):
    """A gateway that is not there until it is asked: the simulator, in this process, on a free port."""

    base_url: str = "https://localhost/v1/api"
    simulator: dict[str, Any] = {}

    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)

    def address(self) -> tuple[str, str | None]:
        from resources.simulator.options import Options
        from resources.simulator.server import serve

        running = self._stack.enter_context(serve(Options(**self.simulator)))
        return running.url, str(running.certificate)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        super().teardown_after_execution(context)
        self._stack.close()
