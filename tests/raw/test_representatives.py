"""The makers and endpoints that `make test` asks in place of all use every kind of word that a maker is declared in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.support.declared import ASKED, OEMS, with_few_markets
from tests.support.representatives import ENDPOINTS, MAKERS, kinds, representatives


def test_no_kind_of_word_is_left_to_the_soak() -> None:
    declared = frozenset().union(*(kinds(endpoint) for _, endpoint in ASKED))
    assert {"Endpoint", "Offset", "Secret", "GraphQL"} <= declared
    assert frozenset().union(*(kinds(endpoint) for _, endpoint in ENDPOINTS)) == declared
    # their nights are of few markets
    of_nights = frozenset().union(*(kinds(with_few_markets(oem).endpoints) for oem in OEMS))
    assert frozenset().union(*(kinds(with_few_markets(oem).endpoints) for oem in MAKERS)) == of_nights
    assert len(ENDPOINTS) < len(ASKED)
    assert len(MAKERS) < len(OEMS)


def test_the_first_with_a_new_kind_of_word_is_chosen() -> None:
    @dataclass(frozen=True)
    class NewWord:
        text: str = "new"

    oem, endpoint = ASKED[0]
    new = (oem, replace(endpoint, name="new", markets={"es": {"market": [NewWord()]}}))
    candidates = [*ASKED, new, (oem, replace(new[1], name="again"))]
    chosen = representatives([(one, kinds(one[1]), 1) for one in candidates])
    assert new in chosen
    assert len([one for one in chosen if "NewWord" in kinds(one[1])]) == 1
