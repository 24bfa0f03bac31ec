"""The actions on participants."""
