"""The columns that history adds to the contracts' own, each with its type and meaning, and which contract columns it
compares from day to day."""

from __future__ import annotations

import dataframely as dy

from transformed.contract.contracts import AVAILABILITIES, Dealer, Provenance, Vehicle


def _doc(text: str) -> dict[str, str]:
    return {"doc": text}


def _text(doc: str, *, nullable: bool = True) -> dy.String:
    return dy.String(nullable=nullable, metadata=_doc(doc))


def _day(doc: str, *, nullable: bool = False) -> dy.Date:
    return dy.Date(nullable=nullable, metadata=_doc(doc))


def _count(doc: str, *, nullable: bool = True) -> dy.Int64:
    return dy.Int64(nullable=nullable, metadata=_doc(doc))


def _amount(doc: str) -> dy.Decimal:
    return dy.Decimal(14, 2, nullable=True, metadata=_doc(doc))


class Spell(dy.Schema):
    """When something was seen. Days are accepted days; a spell bridges absences under the OEM's debounce."""

    status = _text(
        "listed: seen on the last accepted day; absent: not seen, may return; delisted: gone", nullable=False
    )
    first_seen_on = _day("first day of the first spell")
    first_seen_is_censored = dy.Bool(
        nullable=False, metadata=_doc("it stood there before anybody looked: nobody knows since when")
    )
    spell_started_on = _day("first day of the current or last spell")
    spell_started_is_censored = dy.Bool(
        nullable=True, metadata=_doc("the spell began on the first day of a coverage: nobody knows since when it lasts")
    )
    days_listed_earlier = dy.Int32(nullable=True, metadata=_doc("calendar days of all spells before the current one"))
    last_seen_on = _day("last day on which it was seen")
    spells = dy.Int32(nullable=False, metadata=_doc("number of spells"))
    absent_since = _day("first accepted day without it, null while it is listed", nullable=True)
    absent_days = dy.Int32(
        nullable=False, metadata=_doc("accepted days without it, counted up to the OEM's debounce; 0 while listed")
    )


class VehicleHistory(dy.Schema):
    """What a vehicle carries from day to day beside its spell and its last seen row."""

    vehicle_id = _text("the earliest real VIN seen for the vehicle, else its listing_id", nullable=False)
    is_identified_by_vin = dy.Bool(nullable=False, metadata=_doc("whether vehicle_id is a real VIN"))
    price_first = _amount("first known price of the spell, in price_currency")
    price_lowest = _amount("lowest known price of the spell, in price_currency")
    price_drops = dy.Int32(
        nullable=False, metadata=_doc("number of times that the price fell below its lowest of the spell so far")
    )
    last_changed_on = _day("day of its last event other than delisted")
    interpretation = _text("fingerprint of the contract and the mapping that typed its last seen row")


class _Derived(dy.Schema):
    aliases = dy.List(
        dy.String(nullable=False),
        nullable=True,
        metadata=_doc("further listing ids and real VINs under which the vehicle was seen, sorted"),
    )
    days_listed = dy.Int32(
        nullable=False, metadata=_doc("calendar days from spell_started_on to last_seen_on, both included")
    )
    days_listed_total = dy.Int32(nullable=False, metadata=_doc("the same over all its spells"))


class _Event(dy.Schema):
    event_id = _text("oem/market/vehicle_id/kind/event_date", nullable=False)
    oem = _text("the OEM's module name", nullable=False)
    market = _text("our market code", nullable=False)
    vehicle_id = _text("the vehicle, as in inventory", nullable=False)
    listing_id = _text("its listing at the event; of the last seen row for delisted", nullable=False)
    vin = _text("its VIN likewise")
    kind = _text("covered, listed, price_changed, dealer_changed, changed, delisted or relisted", nullable=False)
    event_date = _day("when it happened")
    known_on = _day("the accepted day that showed it")
    old_price_amount = _amount("price_changed, relisted, delisted: the last known price before")
    old_price_currency = _text("ISO 4217")
    new_price_amount = _amount("price_changed, relisted, covered, listed: the price of the day")
    new_price_currency = _text("ISO 4217")
    old_dealer_id = _text("dealer_changed: the dealer before")
    new_dealer_id = _text("dealer_changed: the dealer of the day")
    changes = dy.List(
        dy.Struct(
            {"field": dy.String(nullable=False), "old": dy.String(nullable=True), "new": dy.String(nullable=True)}
        ),
        nullable=True,
        metadata=_doc("changed: each changed column with its old and new value as text"),
    )


class _Sighting(dy.Schema):
    oem = _text("the OEM's module name", nullable=False)
    market = _text("our market code", nullable=False)
    date = _day("the day on which it was seen")
    listing_id = _text("what the OEM declares as the listing's identity", nullable=False)
    vin = _text("its real VIN, where one could be read")
    outcome = _text("what became of its record: quarantined, or merged into the row of another listing", nullable=False)


class _Retyped(dy.Schema):
    date = _day("the day whose records were typed again")
    interpretation = _text("fingerprint of the contract and the mapping that typed them again", nullable=False)
    content_hash = _text("content_hash of the day in `runs` when its records were typed again", nullable=False)


class _Run(dy.Schema):
    oem = _text("the OEM's module name", nullable=False)
    market = _text("our market code", nullable=False)
    table = _text("inventory or dealers", nullable=False)
    date = _day("the day")
    endpoint = _text("raw endpoint", nullable=False)
    debounce_days = dy.Int32(nullable=False, metadata=_doc("accepted days of absence that end a spell"))
    attempt = _text("raw's attempt that counts", nullable=False)
    coverage = _text("fingerprint of how the market was asked", nullable=False)
    complete = dy.Bool(nullable=False, metadata=_doc("whether the fetch was whole: the day is sealed"))
    cause = _text("why the fetch was not whole")
    message = _text("the same in words")
    received = _count("records received", nullable=False)
    accepted_rows = _count("records that kept the contract", nullable=False)
    quarantined = _count("records that broke it", nullable=False)
    duplicates = _count("records that came twice", nullable=False)
    reported_total = _count("what the OEM said there is")
    shortfall = _count("records missing against that", nullable=False)
    fetch_seconds = dy.Float64(nullable=False, metadata=_doc("seconds from first to last response"))
    vehicles = _count("distinct vehicles (or dealers) seen on the sealed day, by which its plausibility is judged")
    sightings = _count("distinct listings (or dealers) seen on the sealed day, whatever became of their records")
    content_hash = _text("SHA-256 of the sealed day's rows and sightings")
    interpretation = _text("fingerprint of the contract and the mapping that typed the day")
    judged_after = _text("fingerprint of the accepted days against which the two shares below were measured")
    absent_share = dy.Float64(nullable=True, metadata=_doc("share of the last accepted day's vehicles that are absent"))
    unseen_share = dy.Float64(
        nullable=True, metadata=_doc("share of its vehicles seen on no accepted day; null unless most are absent")
    )
    retyped_as = _text("the next accepted day's interpretation, where it is another: this day's records typed by it")
    retyped_hash = _text("SHA-256 of those rows; null where the archive no longer has the day")
    seen_without_row = _text("of dealers: those that were seen and refused, so that they have no row, one a line")
    reinterpreted = _count("rows of the accepted day before that this day's interpretation reads otherwise")
    accepted = dy.Bool(nullable=False, metadata=_doc("whether history counts the day"))
    decision = _text("accept, refuse or cover, where an operator decided")
    decision_reason = _text("why the day is (not) accepted, where that is not plain")
    decision_note = _text("the operator's own words")
    decided_by = _text("the operator")
    decided_at = dy.Datetime(time_unit="us", time_zone="UTC", nullable=True, metadata=_doc("when that was"))
    state = _text("fingerprint of the accepted days up to this one: what the tables were computed from")
    rewrites_since = _day(
        "the earliest day whose events this one changed: it gave a known vehicle its real VIN, or made two one",
        nullable=True,
    )


class _RunCounts(dy.Schema):
    covered = _count("first seen, or seen again after they were delisted, but perhaps there before")
    listed = _count("first seen")
    relisted = _count("seen again after they were delisted")
    returned = _count("seen again within the debounce: never left")
    disappeared = _count("seen on the accepted day before, not on this one")
    delisted = _count("known on this day to be gone")
    price_changes = _count("other price than before")
    dealer_changes = _count("other dealer than before")
    changes = _count("other tracked field than before")
    compared = _count("seen in the same spell before, so that their rows were compared")


class _MarketDay(dy.Schema):
    oem = _text("the OEM's module name", nullable=False)
    market = _text("our market code", nullable=False)
    date = _day("the day")
    complete = dy.Bool(nullable=False, metadata=_doc("whether the fetch was whole"))
    accepted = dy.Bool(nullable=False, metadata=_doc("whether history counts the day; else what follows is null"))
    listed = _count("vehicles seen, as runs.vehicles: also of a sealed day that is not accepted")
    covered = _count("as runs.covered: first seen, but perhaps there before")
    arrivals = _count("as runs.listed: first seen on the day")
    relistings = _count("as runs.relisted: seen again after they were gone")
    absent = _count("as runs.disappeared: not seen on the day, may return")
    returned = _count("as runs.returned: seen again, never left")
    departures = _count("as runs.delisted: known on the day to be gone")
    price_changes = _count("as runs.price_changes")
    price_drops = _count("price_changed events known on the day, to a lower price in the same currency")
    price_currency = _text("ISO 4217: the currency of most priced listings of the day")
    priced = _count("listings of the day with a price in it")
    price_median = _amount("their lower median price, in price_currency")
    days_on_lot_known = _count("vehicles not known to be gone whose listing was seen to begin")
    days_on_lot_median = _count("lower median of their calendar days since then, both included")
    listings = _count("rows of the day in inventory_daily")


class _MarketDayBasis(dy.Schema):
    rewrites_since = _day("as runs.rewrites_since when the row was computed", nullable=True)
    basis = _text("what the row was computed from; another one makes it anew", nullable=False)


VEHICLE = {name: column for name, column in Vehicle.columns().items() if name not in Provenance.columns()}
"""The contract's columns without provenance: that changes with every attempt although the row does not."""
DEALER = {name: column for name, column in Dealer.columns().items() if name not in Provenance.columns()}

SPELL = tuple(Spell.columns())
VEHICLE_STATE = (*VEHICLE, *VehicleHistory.columns(), *SPELL)
"""One row a vehicle: its last seen row (price_amount and price_currency: the last known price of the spell)."""
DEALER_STATE = (*DEALER, *SPELL)

TRACKED = tuple(
    name
    for name in VEHICLE
    # identity and price and dealer have events of their own; the addresses of page and picture say nothing of the
    # vehicle
    if name
    not in {
        "oem",
        "market",
        "listing_id",
        "price_amount",
        "price_currency",
        "dealer_id",
        "dealer_name",
        "dealer_city",
        "url",
        "image_url",
    }
)
"""The columns whose change is a `changed` event."""

DAILY: dict[str, dy.Column] = {**VEHICLE, "date": _day("the day on which it was seen")}
INVENTORY: dict[str, dy.Column] = {
    **VEHICLE,
    **VehicleHistory.columns(),
    **Spell.columns(),
    **_Derived.columns(),
    "price_amount": _amount("last known price of the spell"),
    "price_currency": _text("ISO 4217"),
}
SIGHTINGS: dict[str, dy.Column] = _Sighting.columns()
RETYPED: dict[str, dy.Column] = {**VEHICLE, **_Retyped.columns()}
DEALERS: dict[str, dy.Column] = {**DEALER, **Spell.columns()}
DEALERS_DAILY: dict[str, dy.Column] = {**DEALER, "date": _day("the day on which it was seen")}
EVENTS: dict[str, dy.Column] = _Event.columns()
MARKET_DAILY: dict[str, dy.Column] = {
    **_MarketDay.columns(),
    **{name: _count(f"of these, what is {name.replace('_', ' ')}") for name in AVAILABILITIES},
    "availability_not_stated": _count("of these, what the source says nothing of"),
    **_MarketDayBasis.columns(),
}
RUNS: dict[str, dy.Column] = {**_Run.columns(), **_RunCounts.columns()}
COUNTS = tuple(_RunCounts.columns())
"""The columns of `runs` that count what history made of the day."""

_MADE_OF = {
    "vehicle_id": ("vin", "vin_is_temporary", "listing_id"),
    "is_identified_by_vin": ("vin", "vin_is_temporary"),
    "aliases": ("vin", "vin_is_temporary", "listing_id"),
    "price_first": ("price_amount", "price_currency"),
    "price_lowest": ("price_amount", "price_currency"),
    "price_drops": ("price_amount", "price_currency"),
    "last_changed_on": TRACKED,
}


def made_of(subject: str, column: str) -> tuple[str, ...]:
    """The columns of the typed rows of which a column of `inventory` or `dealers` is made; empty where it is made of
    nothing in a row.

    A column of the contract is made of itself. What tells when something was seen is made of its identity.
    """
    contract, identity = (VEHICLE, "listing_id") if subject == "inventory" else (DEALER, "dealer_id")
    if column in contract:
        return (column,)
    if column in Spell.columns() or column in _Derived.columns():
        return _MADE_OF.get(column, (identity,))
    return _MADE_OF.get(column, ())
