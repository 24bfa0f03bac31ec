"""Badges and awards: how they are listed, given by hand, told of and shown."""
