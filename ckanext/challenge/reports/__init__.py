"""The account of a season: its report as pages and files, for whom, and its lessons."""
