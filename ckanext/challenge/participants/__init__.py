"""Participants: their checklist, accompaniment, reminders and feedback."""
