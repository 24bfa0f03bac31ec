"""Figures of the challenge, for docs/performance.md: nothing here is a test."""
