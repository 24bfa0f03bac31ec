"""Whether the portal has what it needs, for those who run it."""
