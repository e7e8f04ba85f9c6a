"""The rules of history as pure functions on frames: acceptance, identity, spells, events, the present."""
