"""Who may do what with badges and awards."""
