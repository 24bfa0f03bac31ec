"""The week of those who run seasons: what waits for them, what moved, and its mail."""
