"""Runs a whole CKAN portal, or the services that tests need, on one machine.

Everything that this package makes lives in ``.portal/`` at the root of the repository.
It uses only the standard library, since it runs before any environment exists; ``wsgi``
and ``mailbox`` are the exceptions, and run inside the environment that it makes.
"""
