"""How long the job that signs badges takes, and how long it takes to verify one.

    python -m benchmarks.credentials --awards 5000

Each award was met with ten datasets. Prints the time of the job when nothing is signed
and when all is, of the list of status after half of the badges were revoked, and the
median of verifying: a document with its proof, a VC-JWT, and a changed document.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import jwt
import sqlalchemy as sa
from ckan import model

from benchmarks import volume
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.credentials import generations, jobs, keys, store
from ckanext.challenge.credentials.signing import Signer
from ckanext.challenge.model import Credential, SigningKey

#: Datasets of each organization: all of them count for its badge.
DATASETS = 10
#: The job beside a plain loop of the same signatures.
MOST = 1.3
#: Of how many verifications the median is taken.
VERIFIED = 200

_AWARDS = """
    INSERT INTO challenge_award (id, badge, programme, programme_version,
        organization_id, awarded_at, source, criteria, state)
    SELECT CAST(gen_random_uuid() AS text), 'donnees-fraiches', 'saison', 1, g.id,
           now(), 'catalog', jsonb_build_object('met', jsonb_build_array(
               jsonb_build_object('measure', 'datasets_public', 'value', p.number,
                                  'target', 1, 'datasets', p.ids),
               jsonb_build_object('measure', 'fresh_share', 'value', 1,
                                  'target', 0.9, 'datasets', p.ids))), 'active'
    FROM "group" g JOIN (
        SELECT owner_org, count(*) AS number, to_jsonb(array_agg(id)) AS ids
        FROM package WHERE name LIKE 'volume-%' GROUP BY owner_org
    ) p ON p.owner_org = g.id
"""


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _execute(statement: str) -> None:
    model.Session.execute(sa.text(statement))
    model.Session.commit()


def _clear() -> None:
    volume.clear()
    # Awards go with their organizations; what was signed stays, as it should elsewhere.
    for table in ("status_list", "credential", "signing_key"):
        _execute(f"DELETE FROM challenge_{table}")


def _verifying(credential: Any) -> float:
    verify = tk.get_action("challenge_credential_verify")
    return statistics.median(
        _seconds(lambda: verify({"user": ""}, {"credential": credential}))
        for _ in range(VERIFIED)
    )


def _plain() -> float:
    """Processor seconds of the same signatures in a plain loop: what the job does
    beside is reading, writing and telling.
    """
    key = store.active_key()
    assert key is not None
    signer = Signer(portal(), keys.load(key))
    documents = [
        (
            {name: part for name, part in row.document.items() if name != "proof"},
            # As the token has it, but for what says of which form it is.
            jwt.decode(row.jwt, options={"verify_signature": False}),
        )
        for row in model.Session.query(Credential)
    ]
    now = dt.datetime.now(dt.timezone.utc)
    began = time.process_time()
    for document, token in documents:
        signer.proven(document, now)
        signer.token(token)
        signer.short_token(token)
    return time.process_time() - began


def _processor(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(awards: int) -> dict[str, float]:
    """Make awards, sign them, verify one, and remove all of it.

    :returns: seconds by situation
    :raises RuntimeError: the database has keys or credentials of somebody
    """
    if model.Session.query(SigningKey).count():
        raise RuntimeError("This database has keys that sign: use another one")
    volume.clear()
    with tempfile.TemporaryDirectory() as folder:
        tk.config["ckanext.challenge.keys_path"] = f"{folder}/keys"
        try:
            volume.make(awards, DATASETS, 1)
            _execute(_AWARDS)
            generations.create()
            found: dict[str, float] = {}
            found["signed"] = _seconds(
                lambda: found.update(processor=_processor(jobs.sign_missing))
            )
            found["nothing"] = _seconds(jobs.sign_missing)
            found["plain"] = _plain()
            assert model.Session.query(Credential).count() == awards
            one = model.Session.query(Credential).limit(1).one()
            changed = {**one.document, "name": "Autre"}
            found |= {
                "document": _verifying(one.document),
                "jwt": _verifying(one.jwt),
                "changed": _verifying(changed),
            }
            _execute(
                "UPDATE challenge_award SET state = 'revoked' WHERE id IN ("
                " SELECT award_id FROM challenge_credential WHERE status_index % 2 = 0)"
            )
            found["revoked"] = _seconds(jobs.sign_missing)
        finally:
            model.Session.rollback()
            _clear()
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ini", default="test.ini")
    parser.add_argument("--awards", type=int, default=5000)
    options = parser.parse_args(arguments)
    volume.load_ckan(options.ini)
    found = measure(options.awards)
    print(f"{options.awards} awards signed: {found['signed']:.1f} s")
    ratio = found["processor"] / found["plain"]
    print(
        f"the same signatures in a plain loop: {found['plain']:.1f} s of processor; "
        f"the job {found['processor']:.1f} s, {ratio:.2f} × (at most {MOST:.2f})"
    )
    print(f"nothing to sign: {found['nothing'] * 1000:.0f} ms")
    print(f"half of them revoked, the list signed: {found['revoked'] * 1000:.0f} ms")
    for name in ("document", "jwt", "changed"):
        print(f"verifying, {name}: {found[name] * 1000:.1f} ms")


if __name__ == "__main__":
    main()
