"""Tests of consolidated: history, tables, maintenance, the night."""
