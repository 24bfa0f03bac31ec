"""Schemathesis asks the API, as it describes itself, of a portal that serves.

``make fuzz`` brings Schemathesis in an environment of its own and says where it is by
``PORTAL_SCHEMATHESIS``, and for how many seconds each visitor asks by
``PORTAL_FUZZ_SECONDS``.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, call_as, collectivites, make_cohort, make_participant
from helpers import served

from portal import ports

PROGRAM = os.environ.get("PORTAL_SCHEMATHESIS", "")
SECONDS = os.environ.get("PORTAL_FUZZ_SECONDS", "25")
#: An answer is none of the portal's falls, and has the status, the type and the form
#: that were promised.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)

pytestmark = [
    pytest.mark.usefixtures("with_plugins", "clean_db"),
    pytest.mark.skipif(not PROGRAM, reason="needs Schemathesis: make fuzz brings it"),
]


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[str]:
    """A portal with a season under way, in which nothing is limited or mailed."""
    collectivites()
    participant = make_participant(make_cohort("open"), BAULE)
    factories.Dataset(name="budget", owner_org=participant["organization_id"])
    (port,) = ports.choose(1)
    url = f"http://{ports.HOST}:{port}"
    ini = served.ini_with(
        tmp_path,
        {
            "ckan.site_url": url,
            "ckan.storage_path": str(tmp_path / "storage"),
            "smtp.server": f"{ports.HOST}:9",
        },
    )
    with served.web(ini, port, tmp_path / "web.log", workers=2):
        yield url


@pytest.mark.parametrize("who", ["anonymous", "sysadmin"])
def test_the_api_answers_as_it_says(portal: str, who: str, tmp_path: Path) -> None:
    command = [PROGRAM, "run", f"{portal}/challenge/api.json", "--no-color"]
    command += ["--checks", ",".join(CHECKS), "--max-time", SECONDS, "--no-shrink"]
    command += ["--request-timeout", "60", "--workers", "2", "--warnings", "off"]
    # So that what was found is found again.
    command += ["--seed", "18", "--generation-database", "none"]
    command += ["--continue-on-failure"]
    if who == "sysadmin":
        user = factories.Sysadmin()
        token = call_as(user, "api_token_create", user=user["id"], name="fuzz")
        model.Session.commit()
        command += ["--header", f"Authorization: {token['token']}"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    report = done.stdout + done.stderr
    log = (tmp_path / "web.log").read_text()
    # Its exit status also tells when it falls itself.
    wrong = re.findall(r"❌ (ST\d+ .+: \d+)", report)
    assert not wrong, f"{report}\n{log[-20000:]}"
    (asked,) = re.findall(r"Operations: +(\d+) selected", report)
    assert int(asked) > 200, report
    assert sum(map(int, re.findall(r"✅ +(\d+) passed", report))) > 100, report
