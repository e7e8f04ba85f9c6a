"""The played world: a function of (seed, date, size), reached from anywhere, that moves at plausible rates."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.sandbox.parts.identity import SERIALS, serial_code, with_check_digit
from resources.sandbox.parts.stock import Churn, Population, Vehicle, apportion, shuffle_digits, spread

DAY = date(2026, 11, 1).toordinal()
CALM, FLAPPING = Churn(), Churn(flap_chance=0.2, flap_days=6, price_days=(12, 40))


def population(vehicles: int = 4000, churn: Churn = CALM, seed: int = 1) -> Population:
    return Population.share(seed, "any", vehicles, {"one": 1.0}, churn)["one"]


def on_sale(stock: Population, day: int) -> dict[tuple[int, int], Vehicle]:
    return {(car.slot, car.generation): car for car in stock.on_sale(day)}


@given(
    st.integers(min_value=date(2016, 1, 1).toordinal(), max_value=date(2040, 1, 1).toordinal()), st.integers(0, 2**32)
)
@settings(max_examples=25, deadline=None)
def test_any_day_is_reached_without_the_days_before_it(day: int, seed: int) -> None:
    stock = population(300, seed=seed)
    listed = list(stock.on_sale(day))
    list(population(300, seed=seed).on_sale(day - 1))  # having looked elsewhere changes nothing
    assert [stock.vehicle(car.slot, day) for car in listed] == listed
    assert list(population(300, seed=seed).on_sale(day)) == listed


def test_seeds_give_different_worlds() -> None:
    assert {car.draws for car in population(300).on_sale(DAY)}.isdisjoint(
        car.draws for car in population(300, seed=2).on_sale(DAY)
    )


@pytest.mark.slow
@pytest.mark.parametrize(("churn", "most_gone"), [(CALM, 0.03), (FLAPPING, 0.04)])
def test_thirty_days_move_at_plausible_rates(churn: Churn, most_gone: float) -> None:
    stock = population(churn=churn)
    days = [on_sale(stock, DAY + offset) for offset in range(31)]
    come, gone, prices, moves = [], [], [], []
    for before, after in pairwise(days):
        both = before.keys() & after.keys()
        come.append(len(after.keys() - before.keys()) / len(before))
        gone.append(len(before.keys() - after.keys()) / len(before))
        changed = [stock.price_factor(after[key]) / stock.price_factor(before[key]) for key in both]
        prices += [ratio for ratio in changed if ratio != 1]
        moves.append(sum(stock.dealers(before[key], 50) != stock.dealers(after[key], 50) for key in both) / len(both))
    for rates in (come, gone):
        assert 0.01 < fmean(rates) < most_gone
        assert min(rates) > 0.005
        assert max(rates) < 0.06
    days_shown = sum(len(day) for day in days[1:])
    assert 0.02 < len(prices) / days_shown < 0.07
    assert all(0.94 < ratio < 1.04 for ratio in prices)
    assert 0.7 < sum(ratio < 1 for ratio in prices) / len(prices) < 0.95
    assert 0.0003 < fmean(moves) < 0.003
    assert all(abs(len(day) / 4000 - 1) < 0.04 for day in days)


@pytest.mark.slow
@pytest.mark.parametrize("churn", [CALM, FLAPPING])
@pytest.mark.parametrize("vehicles", [200, 2000, 20_000])
def test_the_stock_is_as_large_as_asked(vehicles: int, churn: Churn) -> None:
    levels = [len(on_sale(population(vehicles, churn, seed), DAY + 100 * seed)) for seed in range(3)]
    assert all(abs(level / vehicles - 1) < 0.03 + 0.6 / vehicles**0.5 for level in levels)


@pytest.mark.slow
def test_lives_last_from_5_to_120_days_and_absences_end_in_a_return() -> None:
    stock = population(2000)
    seen: dict[tuple[int, int], list[int]] = {}
    for day in range(DAY, DAY + 260):
        for key in on_sale(stock, day):
            seen.setdefault(key, []).append(day)
    whole = [days for days in seen.values() if DAY < days[0] < DAY + 130]
    lives = [days[-1] - days[0] + 1 for days in whole]
    assert min(lives) >= 5
    assert max(lives) <= 120
    assert 35 <= median(lives) <= 45
    gaps = [after - before - 1 for days in whole for before, after in pairwise(days) if after - before > 1]
    assert set(gaps) == {1, 2, 3}
    absent_share = sum(gaps) / sum(lives)
    assert 0.003 < absent_share < 0.008


def test_mileage_only_grows_and_seldom() -> None:
    stock = population(2000)
    today, tomorrow = on_sale(stock, DAY), on_sale(stock, DAY + 1)
    grown = [
        stock.distance_since_listed(tomorrow[key]) - stock.distance_since_listed(today[key])
        for key in today.keys() & tomorrow.keys()
    ]
    assert min(grown) == 0
    assert 0.005 < sum(added > 0 for added in grown) / len(grown) < 0.05


def test_serials_are_unique_over_populations_and_time() -> None:
    shares = Population.share(1, "any", 1000, {"one": 3.0, "two": 1.0}, CALM)
    serials: dict[int, tuple[str, int, int]] = {}
    for name, stock in shares.items():
        for day in range(DAY, DAY + 400, 40):
            for car in stock.on_sale(day):
                key = (name, car.slot, car.generation)
                assert serials.setdefault(stock.serial(car), key) == key
    assert len(serials) > 5000
    assert abs(shares["one"].slots - 3 * shares["two"].slots) <= 4


@given(st.integers(0, 2**40), st.lists(st.floats(0.1, 100), min_size=1, max_size=30))
def test_apportioned_parts_add_up(total: int, weights: list[float]) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert len(spread(weights)) == 256


@pytest.mark.parametrize("modulus", [1000, SERIALS, 33 * 7])
def test_shuffled_numbers_stay_apart(modulus: int) -> None:
    some = range(min(modulus, 5000))
    assert len({shuffle_digits(number, modulus) for number in some}) == len(some)
    assert all(0 <= shuffle_digits(number, modulus) < modulus for number in some)


def test_vins_are_valid_in_form() -> None:
    assert with_check_digit("1M8GDM9A0KP042788") == "1M8GDM9AXKP042788"  # the example of the regulation
    assert serial_code(0) == "000000"
    assert serial_code(SERIALS - 1) == "ZZZZZZ"
