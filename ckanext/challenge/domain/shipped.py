"""YAML files that come with the extension."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml's parser, where PyYAML has it, is six times as fast as the one in Python: each
# process reads some twenty files before it shows its first form.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """What a file of ours says.

    >>> load("title: {fr: Budget}")
    {'title': {'fr': 'Budget'}}
    """
    return yaml.load(text, Loader=_Loader)
