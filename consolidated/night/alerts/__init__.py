"""Alerts: one message a night and maker when something needs a person, and a word when it no longer does."""
