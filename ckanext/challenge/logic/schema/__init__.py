"""Validation schemas, one module per entity."""
