"""Tests of raw: fetching, judging, archiving."""
