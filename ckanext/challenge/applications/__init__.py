"""Applications: the form, what is asked and answered, decisions, acceptance."""
