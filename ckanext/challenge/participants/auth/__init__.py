"""Who may do what with a participant."""
