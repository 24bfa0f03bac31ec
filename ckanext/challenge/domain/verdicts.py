"""What the check of a file may say that is not about the file."""

from __future__ import annotations

#: The type of the one problem in a report of a check that broke: the portal's fault, to
#: be tried again every night.
BROKE = "failed"
