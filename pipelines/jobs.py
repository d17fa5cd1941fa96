"""Which assets run together.

`nightly` lands and builds everything of one day, but what the owner leaves out. `history` lands bars of a range.
`reprocess` builds every table again from raw, and asks the gateway nothing: the landings are not in it.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.kit.compose import REBUILD_TAG
from assets.kit.declare import Landing, Table


def jobs(
    landings: Sequence[Landing], nightly: Sequence[Table], tables: Sequence[Table], published: dg.AssetSelection
) -> list[Any]:
    """The three jobs; `nightly` are the tables of the landings, `tables` are all."""
    raw = dg.AssetSelection.assets(*(dg.AssetKey(["raw", landing.name]) for landing in landings))
    built_nightly = dg.AssetSelection.assets(*(table.name for table in nightly))
    built = dg.AssetSelection.assets(*(table.name for table in tables))
    ranged = [landing for landing in landings if landing.is_ranged]
    bars = dg.AssetSelection.assets(
        *(dg.AssetKey(["raw", landing.name]) for landing in ranged),
        *(table.name for table in tables if table.raw in ranged),
    )
    return [
        dg.define_asset_job(
            "nightly",
            raw | built_nightly | published,
            description="Everything of one trading day: land, build, check, publish.",
        ),
        dg.define_asset_job(
            "history",
            bars | published,
            description="Daily bars over a range of days, in the fewest requests.",
        ),
        dg.define_asset_job(
            "reprocess",
            built | published,
            tags={REBUILD_TAG: "true"},
            description="Every table and the warehouse again from raw replies. No network.",
        ),
    ]
