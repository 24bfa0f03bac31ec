"""Personal data: what is erased, when, and by whom."""
