"""Datasets of the catalogue: their kits, their quality, their season in the search."""
