"""Messages to many: to whom, what each one reads, and the outbox in which they wait."""
