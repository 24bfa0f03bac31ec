"""What the actions on datasets and kits take."""
