"""What the checks of a consolidated asset say of what came of its markets."""

from __future__ import annotations

from consolidated.day.assets import check_results
from consolidated.day.market import MarketOutcome


def test_each_market_fails_the_check_that_its_day_fails() -> None:
    outcomes = [
        MarketOutcome("es", True, True, None, 10, True, warnings=["many new"]),
        MarketOutcome("gb", False, False, "blocked", 10, False),
        MarketOutcome("fr", True, False, "volume_drop", 10, False),
    ]
    found = {result.check_name: (result.passed, str(result.description)) for result in check_results(outcomes)}
    for check, market, why in (
        ("complete", "gb", "blocked"),
        ("plausible", "fr", "volume_drop"),
        ("usual", "es", "many new"),
    ):
        passed, said = found[check]
        assert not passed
        assert f"{market}: {why}" in said
        assert not any(f"{other.market}: " in said for other in outcomes if other.market != market)
    assert all(result.passed for result in check_results(outcomes[:1]) if result.check_name != "usual")
