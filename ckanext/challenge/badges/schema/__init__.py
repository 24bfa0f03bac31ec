"""What the actions on badges and awards take."""
