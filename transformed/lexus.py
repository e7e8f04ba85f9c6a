"""Lexus in the United States: the records of the search that it shares with Toyota."""

from transformed.platforms.toyota import VEHICLES

LOCATE_VEHICLES_INVENTORY = VEHICLES
