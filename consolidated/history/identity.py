"""Which listings of an (oem, market) are one vehicle: pure functions on frames.

A vehicle is the listings that share real VINs, however indirectly. Its id is the earliest real VIN seen for any
of them (the smallest of that day's), so that it does not move when the source corrects a VIN; without a real VIN
it is the listing's id. A VIN that the source marks as temporary is not real.
"""

from __future__ import annotations

import polars as pl

from consolidated.tables.columns import VEHICLE
from transformed.contract.one_vehicle import REAL_VIN, one_row_of_each


def identify(sightings: pl.DataFrame) -> pl.DataFrame:
    """The vehicle of each listing, from all sightings.

    sightings: date, listing_id, vin, vin_is_temporary, in any order, with repeats.
    Returns listing_id, vehicle_id, is_identified_by_vin; one row a listing.
    """
    pairs = sightings.group_by("listing_id", REAL_VIN.alias("real_vin")).agg(pl.col("date").min())
    named = pairs.drop_nulls("real_vin")
    labels = _components(named.select(left="listing_id", right="real_vin"))
    listings = pairs.select(pl.col("listing_id").unique())
    labelled = _label(listings, "listing_id", labels)
    earliest = (
        _label(named, "real_vin", labels)
        .sort("date", "real_vin")
        .group_by("label", maintain_order=True)
        .agg(pl.col("real_vin").first())
    )
    return labelled.join(earliest, on="label", how="left").select(
        "listing_id",
        vehicle_id=pl.coalesce("real_vin", "listing_id"),
        is_identified_by_vin=pl.col("real_vin").is_not_null(),
    )


def match_listings(known: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The vehicle of each listing of a new last day, from what is known of the vehicles before it.

    known: id, vehicle_id, is_identified_by_vin: every listing id and real VIN ever seen, with its vehicle.
    rows: listing_id, vin, vin_is_temporary of the day.
    Returns the columns of `identify` for the listings whose vehicles stay what they are, and for the others
    listing_id, vehicle_id: the known vehicles that turn out to be one, or the one known by its listing that now
    has its real VIN; a listing has a row for each such vehicle. Their history has to be computed again, under one id.
    """
    today = rows.select("listing_id", REAL_VIN.alias("real_vin"))
    ids = pl.concat([today.select(id="listing_id"), today.drop_nulls("real_vin").select(id="real_vin")]).unique()
    recalled = known.join(ids, on="id", how="semi")
    labels = _components(
        pl.concat(
            [
                today.drop_nulls("real_vin").select(left="listing_id", right="real_vin"),
                recalled.select(left="id", right="vehicle_id"),
            ]
        )
    )
    listings = _label(today, "listing_id", labels)
    vehicles = _label(recalled, "vehicle_id", labels).select("label", "vehicle_id", "is_identified_by_vin").unique()
    vins = listings.group_by("label").agg(pl.col("real_vin").min())
    gets_its_vin = vehicles.join(vins, on="label").filter(
        ~pl.col("is_identified_by_vin") & pl.col("real_vin").is_not_null()
    )
    are_one = vehicles.filter(pl.col("label").is_duplicated())
    changed = pl.concat([gets_its_vin.select("label"), are_one.select("label")]).unique()
    plain = (
        listings.select("listing_id", "label")
        .unique()
        .join(changed, on="label", how="anti")
        .join(vehicles, on="label", how="left")
        .join(vins, on="label", how="left")
        .select(
            "listing_id",
            vehicle_id=pl.coalesce("vehicle_id", "real_vin", "listing_id"),
            is_identified_by_vin=pl.coalesce("is_identified_by_vin", pl.col("real_vin").is_not_null()),
        )
    )
    to_revise = (
        listings.select("listing_id", "label")
        .unique()
        .join(changed, on="label", how="semi")
        .join(vehicles, on="label")
        .select("listing_id", "vehicle_id")
    )
    return plain, to_revise


def one_row_a_vehicle(rows: pl.DataFrame) -> pl.DataFrame:
    """Of a vehicle's rows of one day the one that counts. rows: the contract's columns and vehicle_id."""
    return one_row_of_each(rows, ["vehicle_id"], columns=list(VEHICLE), identity="listing_id")


def known_ids(state: pl.DataFrame) -> pl.DataFrame:
    """Every id under which the vehicles of a state are known: id, vehicle_id, is_identified_by_vin.

    state: vehicle_id, is_identified_by_vin, listing_id, vin, vin_is_temporary, aliases.
    """
    vehicle = ("vehicle_id", "is_identified_by_vin")
    parts = [
        state.select(*vehicle, id="vehicle_id"),
        state.select(*vehicle, id="listing_id"),
        state.select(*vehicle, id=REAL_VIN).drop_nulls("id"),
        state.drop_nulls("aliases").select(*vehicle, id="aliases").explode("id"),
    ]
    return pl.concat([part.select("id", *vehicle) for part in parts]).unique()


def ids_of(identified: pl.DataFrame) -> pl.DataFrame:
    """The ids under which identified rows show their vehicles, as `known_ids` has them.

    identified: listing_id, vin, vin_is_temporary, vehicle_id, is_identified_by_vin.
    """
    vehicle = ("vehicle_id", "is_identified_by_vin")
    listings = identified.select(*vehicle, id="listing_id")
    vins = identified.select(*vehicle, id=REAL_VIN).drop_nulls("id")
    return pl.concat([part.select("id", *vehicle) for part in (listings, vins)]).unique()


def aliases(state: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """The state with its column `aliases`: the vehicle's ids that its row does not show, sorted; null for none.

    ids: id, vehicle_id, with repeats.
    """
    shown = state.select("vehicle_id", "listing_id", real_vin=REAL_VIN)
    hidden = (
        ids.filter(pl.col("id") != pl.col("vehicle_id"))
        .join(shown, on="vehicle_id")
        .filter(pl.col("id") != pl.col("listing_id"), pl.col("id").ne_missing(pl.col("real_vin")))
        .group_by("vehicle_id")
        .agg(aliases=pl.col("id").unique().sort())
    )
    return state.drop("aliases", strict=False).join(hidden, on="vehicle_id", how="left")


def _components(edges: pl.DataFrame) -> pl.DataFrame:
    """The connected components of the edges left - right: id, label (the component's smallest id).

    As many rounds as the longest chain of ids has links: mostly one, and one more to see that it was enough.
    """
    edges = edges.filter(pl.col("left") != pl.col("right")).unique()
    ends = pl.concat([edges.select(id="left"), edges.select(id="right")]).unique()
    labels = ends.with_columns(label="id")
    while True:
        lowest = (
            edges.join(labels.rename({"id": "left", "label": "left_label"}), on="left")
            .join(labels.rename({"id": "right", "label": "right_label"}), on="right")
            .with_columns(label=pl.min_horizontal("left_label", "right_label"))
        )
        lowered = (
            pl.concat([lowest.select("label", id="left"), lowest.select("label", id="right")])
            .group_by("id")
            .agg(pl.col("label").min())
            .select("id", "label")
        )
        if lowered.sort("id").equals(labels.sort("id")):
            return labels
        labels = lowered


def _label(frame: pl.DataFrame, column: str, labels: pl.DataFrame) -> pl.DataFrame:
    """The frame with `label`: of the component of the id in `column`, or the id itself where it is alone."""
    return frame.join(labels.rename({"id": column}), on=column, how="left").with_columns(
        label=pl.coalesce("label", column)
    )
