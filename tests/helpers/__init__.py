"""What tests share: a browser, a mail server, concurrency."""
