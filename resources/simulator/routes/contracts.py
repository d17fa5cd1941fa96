"""Every endpoint about contracts, gathered from its families.

Belongs here: the list of families. Does not: any endpoint, or what they need of a simulation (`listed.py`).
"""

from starlette.routing import Route

from resources.simulator.routes import chains, currencies, definitions, rules, schedules, search
from resources.simulator.routes.listed import Listed

FAMILIES = (definitions, search, chains, rules, schedules, currencies)


def routes(simulation: Listed) -> list[Route]:
    """All of them."""
    return [route for family in FAMILIES for route in family.routes(simulation)]
