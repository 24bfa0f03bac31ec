"""Subscriptions: who asked to be told of badges, or of new data."""
