"""Where everything is. Nothing outside ``STATE`` is ever written."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORTAL = ROOT / "portal"

STATE = ROOT / ".portal"
RUNS = STATE / "run"
DEMO_DATA = STATE / "data"
DEMO_LOGS = STATE / "logs"
DEMO_MAIL = STATE / "mail"
DEMO_INI = STATE / "ckan.ini"
BYTECODE = STATE / "bytecode"
SOLR_LIB = STATE / "solr" / "lib"
