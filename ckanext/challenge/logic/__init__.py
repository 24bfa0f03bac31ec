"""The only door to the challenge: what CKAN calls actions and auth functions."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

__all__ = ["all_actions", "all_auth_functions"]


def _exported(package: str) -> dict[str, Callable[..., Any]]:
    """Every function that a module of the package lists in its ``__all__``."""
    found: dict[str, Callable[..., Any]] = {}
    path = importlib.import_module(package).__path__
    for info in pkgutil.iter_modules(path):
        module = importlib.import_module(f"{package}.{info.name}")
        for name in module.__all__:
            if name in found:
                raise RuntimeError(f"{package} has {name} twice")
            found[name] = getattr(module, name)
    return found


def all_actions() -> dict[str, Callable[..., Any]]:
    """The actions, by name."""
    return _exported(f"{__name__}.action")


def all_auth_functions() -> dict[str, Callable[..., Any]]:
    """The authorization functions, by the name of their action."""
    return _exported(f"{__name__}.auth")
