"""What the actions on applications take."""
