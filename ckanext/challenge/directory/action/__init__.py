"""The actions on the directory of collectivités."""
