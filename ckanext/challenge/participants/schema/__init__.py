"""What the actions on participants take."""
