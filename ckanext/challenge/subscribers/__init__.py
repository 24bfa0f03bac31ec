"""Subscriptions: who asked to be told of badges."""
