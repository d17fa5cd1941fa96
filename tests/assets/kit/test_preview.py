from typing import Any

from assets.kit.describe import markdown
from assets.kit.preview import PREVIEWED
from assets.kit.tabulate import Built, build_day
from resources.envelope import Request
from tests.assets.bent import DAY, TABLES, Bent


def _built(bent: Bent, name: str) -> Built:
    built = build_day(TABLES[name], DAY, lake=bent.lake)
    assert built is not None
    return built


def test_the_first_rows_are_shown_with_account_ids_shortened(bent: Bent) -> None:
    built = _built(bent, "positions")
    told = markdown(built.preview)
    assert len(built.preview) == PREVIEWED
    assert "U…0001" in told
    assert "U9900001" not in told


def test_names_of_people_are_not_shown(bent: Bent) -> None:
    [row] = _built(bent, "accounts").preview
    assert (row["title"], row["display_name"]) == ("…", "…")
    assert row["base_currency"] == "USD"
    assert bent.rows("accounts")["title"].iloc[0] == "Sim Owner 1"


def test_what_is_the_same_or_missing_in_all_is_left_out_and_what_is_missing_in_some_is_blank(bent: Bent) -> None:
    def some(_: Request, reply: list[dict[str, Any]]) -> Any:
        for place, row in enumerate(reply):
            row |= {"strike": "150" if place == 1 else "0", "model": ""}
        return reply

    rows = _built(bent.bend("positions", some), "positions").preview
    assert {"trading_day", "observed_at", "raw_sha256", "run_id", "model", "extra"}.isdisjoint(rows[0])
    assert {row["strike"] for row in rows} == {"", 150.0}


def test_a_partition_without_rows_has_nothing_to_show(bent: Bent) -> None:
    bent.bend("positions", lambda request, _: [] if request.path.endswith("/0") else None)
    built = _built(bent, "positions")
    assert (built.preview, built.observed_at) == ([], None)


def test_it_tells_when_the_newest_reply_was_received(bent: Bent) -> None:
    built = _built(bent, "ledger")
    assert built.observed_at == bent.rows("ledger")["observed_at"].max()
