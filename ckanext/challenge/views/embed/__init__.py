"""Pictures and pages for other sites."""
