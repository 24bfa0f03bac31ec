"""Alembic's environment: CKAN calls it for ``ckan db upgrade -p challenge``."""

from __future__ import annotations

import os
from typing import Any

from alembic import context
from ckan.model.meta import metadata
from sqlalchemy import engine_from_config, pool

name = os.path.basename(os.path.dirname(__file__))
config = context.config


def include_object(
    obj: Any, object_name: str, type_: str, reflected: bool, compare_to: Any
) -> bool:
    """Look at the extension's own tables only."""
    return type_ != "table" or object_name.startswith(name)


options: dict[str, Any] = {
    "target_metadata": metadata,
    "version_table": f"{name}_alembic_version",
    "include_object": include_object,
}

if context.is_offline_mode():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"), literal_binds=True, **options
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    connectable = engine_from_config(
        config.get_section(config.config_ini_section) or {},
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
