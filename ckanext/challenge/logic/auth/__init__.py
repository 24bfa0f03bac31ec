"""Authorization functions, one module per entity."""
