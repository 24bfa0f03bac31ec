"""The actions on messages to many."""
