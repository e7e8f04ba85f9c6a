"""How fast each maker's hosts are asked, and what a market may lack and still be whole: what operators answer for.

Who raises a number of this table has been told so by the host, or has a capture that shows it (`docs/makers.md`). A new
maker need not stand here.
"""

from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.support.declared import ENDPOINTS, OEMS, statuses

# maker -> endpoint -> requests a second, requests at once, seconds of rest after a 429 that names no time
PACE: dict[str, dict[str, tuple[float, int, float]]] = {
    "audi": {"scs_search": (4, 4, 0), "pss_dealers": (2, 2, 0), "us_stock": (2, 4, 0), "us_dealers": (2, 4, 0)},
    "bmw": {"stolo_search": (2, 2, 75), "stolo_dealers": (1, 4, 0), "us_inventory": (1, 2, 0)},
    "cupra": {"vtp_search": (2, 4, 0)},
    "ford": {"e_used": (1, 1, 0)},
    "genesis": {"us_inventory": (1, 2, 0)},
    "gm": {"vehicle_search": (4, 4, 0), "dealer_locator": (2, 2, 0)},
    "hyundai": {"inventory_search": (2, 4, 0), "us_dealers": (2, 4, 0)},
    "kia": {"us_inventory": (1, 2, 0), "kr_inventory": (1, 1, 0)},
    "lexus": {"locate_vehicles": (1, 2, 30)},
    "lucid": {"store_inventory": (1, 4, 0)},
    "mercedes": {"mbusa_search": (2, 4, 0), "mbusa_dealers": (2, 4, 0), "kr_inventory": (1, 1, 0)},
    "polestar": {"inventory": (1, 1, 0)},
    "seat": {"vtp_search": (2, 4, 0)},
    "spoticar": {"used_cars": (2, 4, 0)},
    "stellantis": {"hostd_inventory": (2, 2, 0), "dealer_locator": (2, 2, 0)},
    "tesla": {"inventory_results": (1, 2, 0)},
    "toyota": {"locate_vehicles": (1, 2, 30), "us_dealers": (1, 4, 0)},
    "volkswagen": {"gsl_search": (4, 4, 0), "dcc_dealers": (1, 4, 0)},
    "volvo": {"gb_search": (1, 1, 0), "us_search": (1, 1, 0)},
}
# maker -> endpoint -> days of absence that end a spell, whether its total proves that a market is whole, the share and
# the number of records that may be missing against the total; of the endpoints that are not as all others
LEEWAY: dict[str, dict[str, tuple[int, bool, float, int]]] = {
    "cupra": {"vtp_dealers": (14, True, 0.005, 0)},
    "lucid": {"store_inventory": (14, True, 0.005, 0)},
    "mercedes": {"mbusa_search": (14, False, 0.005, 4), "kr_inventory": (3, True, 0.08, 0)},
    "seat": {"vtp_dealers": (14, True, 0.005, 0)},
    "stellantis": {"dealer_locator": (3, False, 0.005, 0)},
}
# maker -> endpoint -> what is not 0 of the records that a page holds, the number of the first page, the row past which
# a search gives nothing, the records past which an answer is cut, and how pages have to be asked for
PAGES: dict[str, dict[str, dict[str, float | bool]]] = {
    "audi": {"scs_search": {"step": 96}, "pss_dealers": {}, "us_stock": {"step": 200}, "us_dealers": {"cap": 100}},
    "bmw": {"stolo_search": {"step": 12, "window": 1212}, "stolo_dealers": {}, "us_inventory": {"step": 100}},
    "cupra": {"vtp_search": {"step": 12, "first": 1}},
    "ford": {"e_used": {"step": 20000}},
    "genesis": {"us_inventory": {}},
    "gm": {"vehicle_search": {"step": 20, "window": 10000}, "dealer_locator": {"cap": 50}},
    "hyundai": {"inventory_search": {"step": 30, "first": 1}, "us_dealers": {"cap": 45}},
    "kia": {"us_inventory": {}, "kr_inventory": {"step": 100, "in_last_record": True}},
    "lexus": {"locate_vehicles": {"step": 250, "first": 1, "window": 10000}},
    "lucid": {"store_inventory": {"cap": 1000}},
    "mercedes": {
        "mbusa_search": {"step": 12, "window": 96},
        "mbusa_dealers": {},
        "kr_inventory": {"step": 50, "first": 1},
    },
    "polestar": {"inventory": {"step": 200}},
    "seat": {"vtp_search": {"step": 12, "first": 1}},
    "spoticar": {"used_cars": {"step": 12, "first": 1}},
    "stellantis": {"hostd_inventory": {"step": 500, "first": 1}, "dealer_locator": {"step": 20, "first": 1}},
    "tesla": {"inventory_results": {"step": 50}},
    "toyota": {"locate_vehicles": {"step": 250, "first": 1, "window": 10000}, "us_dealers": {"cap": 2000}},
    "volkswagen": {"gsl_search": {"step": 12, "first": 1}, "dcc_dealers": {}},
    "volvo": {
        "gb_search": {"step": 100, "first": 1, "delay_seconds": 0.5, "in_order": True},
        "us_search": {"step": 100, "first": 1, "delay_seconds": 0.5, "in_order": True},
    },
}
AS_ALL_OTHERS = (3, True, 0.005, 0)


@pytest.mark.parametrize("maker", PACE)
def test_a_makers_hosts_are_asked_no_faster_than_they_are_known_to_bear(maker: str) -> None:
    limits = {one.name: one.limit for oem, one in ENDPOINTS if oem.name == maker and not one.answers_of}
    found = {name: (one.requests, one.concurrency, one.rest_seconds) for name, one in limits.items()}
    assert found == PACE[maker]


@pytest.mark.parametrize("maker", PACE)
def test_a_makers_markets_are_whole_and_its_cars_gone_by_these_numbers(maker: str) -> None:
    for oem, one in ENDPOINTS:
        if oem.name == maker:
            found = (one.yields.debounce_days, one.trusted_total, one.total_tolerance, one.total_slack)
            assert found == LEEWAY.get(maker, {}).get(one.name, AS_ALL_OTHERS), one.name


@pytest.mark.parametrize("maker", PAGES)
def test_a_makers_pages_are_as_large_as_its_host_gives_them(maker: str) -> None:
    """A page that is thought larger than it is looks like the last one; of a smaller one, some are asked for twice."""
    names = ("step", "first", "window", "cap", "delay_seconds", "in_order", "serves_fewer", "repeats_last_page")
    pages = {one.name: one.pages for oem, one in ENDPOINTS if oem.name == maker and not one.answers_of}
    found = {
        endpoint: {name: getattr(of, name) for name in (*names, "in_last_record") if getattr(of, name, None)}
        for endpoint, of in pages.items()
    }
    assert found == PAGES[maker]


@pytest.mark.parametrize("maker", [oem.name for oem in OEMS])
def test_the_statuses_that_a_maker_answers_with_are_those_of_http(maker: str) -> None:
    found = {status for oem, one in ENDPOINTS if oem.name == maker for status in statuses(one)}
    assert found <= set(HTTPStatus)
    assert HTTPStatus.PAYMENT_REQUIRED not in found
    good = {status for oem, one in ENDPOINTS if oem.name == maker for status in one.success}
    assert all(status // 100 == 2 for status in good)
