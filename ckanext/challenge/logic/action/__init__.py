"""Actions, one module per entity."""
