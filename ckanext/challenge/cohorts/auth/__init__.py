"""Who may do what with a cohort."""
