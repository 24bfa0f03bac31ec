"""The actions on datasets and kits."""
