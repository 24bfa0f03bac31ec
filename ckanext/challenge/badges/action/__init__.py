"""The actions on badges and awards."""
