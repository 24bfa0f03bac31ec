"""The pages of participants and of those who accompany them."""
