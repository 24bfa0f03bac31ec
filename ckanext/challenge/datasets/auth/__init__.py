"""Who may do what with datasets and kits."""
