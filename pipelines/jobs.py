"""Which assets run together.

`nightly` lands and builds everything of one day, but what the owner leaves out. `intraday` looks at what changes during
the day; it publishes nothing, since what an earlier night held back would be published with it. `history` lands bars of
a range.
`reprocess` builds every table again from raw, and asks the gateway nothing: the landings are not in it.
`resume` is started for parts of itself: for what was parked, and what follows from it.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.kit.compose import REBUILD_TAG
from assets.kit.declare import Landing, Table


def jobs(
    landings: Sequence[Landing], tables: Sequence[Table], published: dg.AssetSelection, *, kept: Sequence[Landing]
) -> list[Any]:
    """The jobs over what was declared; a night has only what is `kept`."""

    def landed(some: Sequence[Landing]) -> dg.AssetSelection:
        raw = (dg.AssetKey(["raw", landing.name]) for landing in some)
        return dg.AssetSelection.assets(*raw, *(table.name for table in tables if table.raw in some))

    built = dg.AssetSelection.assets(*(table.name for table in tables))
    return [
        dg.define_asset_job(
            "nightly",
            landed(kept) | published,
            description="Everything of one trading day: land, build, check, publish.",
        ),
        dg.define_asset_job(
            "intraday",
            landed([landing for landing in landings if landing.is_intraday]),
            description="What changes during a trading day, as it is now; all of a day's runs are kept.",
        ),
        dg.define_asset_job(
            "history",
            landed([landing for landing in landings if landing.is_ranged]) | published,
            description="Bars over a range of days, in the fewest requests; daily ones are compared with what is held.",
        ),
        dg.define_asset_job(
            "reprocess",
            built | published,
            tags={REBUILD_TAG: "true"},
            description="Every table and the warehouse again from raw replies. No network.",
        ),
        dg.define_asset_job(
            "resume",
            landed(landings) | published,
            description="What was parked, once what it waited for has passed; started for just that.",
        ),
    ]
