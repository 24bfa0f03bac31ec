"""Keys that are missing, replaced or read by others; badges that are revoked; jobs that
die or run at the same time.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.lib import jobs as background
from ckan.tests import factories
from factories import collectivites
from helpers.progress import do
from helpers.verifier import Refused, is_revoked, verify_document, verify_token
from jwt import PyJWK
from openbadgeslib import baking
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from rq import SimpleWorker

from benchmarks.jobs import forget
from ckanext.challenge.common import journal
from ckanext.challenge.common.issuer import Issuer, did_web, portal
from ckanext.challenge.credentials import generations, jobs, status, store
from ckanext.challenge.model import Award, Credential, SigningKey, StatusList
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.svg.badge import badge_document
from ckanext.challenge.svg.baking import bake_png, bake_svg, carried
from ckanext.challenge.svg.raster import png

Give = Callable[..., Award]


def act(name: str, /, **data: Any) -> Any:
    """Call an action as nobody."""
    return tk.get_action(name)({"user": "", "ignore_auth": False}, data)


def lists() -> dict[str, Any]:
    """The lists of status by their addresses, the signed ones verified."""
    issuer, did = portal(), act("challenge_did_show")
    signed = act("challenge_status_list_show", number=0)
    verify_document(signed["document"], did)
    return {
        issuer.bitstring_list(0, "json"): signed["document"],
        issuer.bitstring_list(0, "jwt"): verify_token(signed["jwt"], did),
        issuer.revocation_list(0): act(
            "challenge_status_list_show", number=0, kind="revocation"
        )["document"],
    }


def said(award_id: str) -> list[tuple[bool, bool]]:
    """What the lists say of both forms of a credential, after verifying them."""
    shown = act("challenge_credential_show", award=award_id)
    did = act("challenge_did_show")
    verify_document(shown["document"], did)
    forms = (shown["document"], verify_token(shown["jwt"], did))
    return [is_revoked(form, lists()) for form in forms]


def empty(award: Award, action: str) -> None:
    """Take its dataset away from the organization of an award."""
    for id_ in award.criteria["met"][0]["datasets"]:
        do(action, id=id_)


@pytest.mark.usefixtures("key")
def test_another_implementation_finds_what_is_revoked(give: Give) -> None:
    kept, revoked = give(), give()
    jobs.sign()
    do("challenge_award_revoke", id=revoked.id, reason="Une erreur")
    jobs.sign_missing()
    (method,) = (
        one
        for one in act("challenge_did_show")["verificationMethod"]
        if one["type"] == "JsonWebKey"
    )
    verifier = OB3Verifier(PyJWK(method["publicKeyJwk"], "RS256").key)
    published = act("challenge_status_list_show", number=0)["jwt"]

    def found(award: Award) -> Any:
        return verifier.verify(
            act("challenge_credential_show", award=award.id)["jwt"],
            check_status=True,
            verify_status_list=True,
            download={portal().bitstring_list(0, "jwt"): published.encode()}.get,
        )

    assert found(kept).id == portal().credential(kept.id)
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        found(revoked)


@pytest.mark.usefixtures("key")
def test_what_is_revoked_is_revoked_everywhere(give: Give) -> None:
    kept, revoked, purged = give(), give(), give()
    jobs.sign()
    credentials = {
        award.id: act("challenge_credential_show", award=award.id)
        for award in (kept, revoked, purged)
    }
    ids = [kept.id, revoked.id, purged.id]
    assert all(said(id_) == [(False, False)] * 2 for id_ in ids)
    do("challenge_award_revoke", id=revoked.id, reason="Une erreur")
    empty(purged, "dataset_purge")
    do("organization_purge", id=purged.organization_id)
    # The list of 1EdTech and the portal itself know at once, the signed one by a job.
    assert said(ids[1]) == [(False, True)] * 2
    queued = [job.func_name or "" for job in background.get_queue().jobs]
    assert f"{jobs.__name__}.sign_missing" in queued
    jobs.sign_missing()
    assert said(ids[0]) == [(False, False)] * 2
    assert said(ids[1]) == [(True, True)] * 2
    gone = credentials[ids[2]]["document"]
    assert is_revoked(gone, lists()) == (True, True)
    expected = {ids[0]: None, ids[1]: "revoked", ids[2]: "gone"}
    for id_, code in expected.items():
        for form in ("document", "jwt"):
            found = act(
                "challenge_credential_verify", credential=credentials[id_][form]
            )
            assert (found["code"], found["valid"]) == (code, code is None)
            assert found["signed"] and found["state"] == (
                "active" if code is None else "revoked"
            )
    assert (
        act("challenge_credential_verify", credential=credentials[ids[1]]["jwt"])[
            "revoked_reason"
        ]
        == "Une erreur"
    )


@pytest.mark.usefixtures("key")
def test_lists_are_signed_anew_when_something_changes_or_they_grow_old(
    give: Give,
) -> None:
    give()
    assert jobs.sign().lists == 1
    assert jobs.sign().lists == 0
    old = utcnow() - status.RENEWED_AFTER
    model.Session.execute(sa.update(StatusList).values(signed_at=old))
    model.Session.commit()
    assert jobs.sign().lists == 1
    document = act("challenge_status_list_show", number=0)["document"]
    until = dt.datetime.fromisoformat(document["validUntil"].replace("Z", "+00:00"))
    assert until - utcnow() > status.VALID_FOR - dt.timedelta(hours=1)
    with pytest.raises(tk.ObjectNotFound):
        act("challenge_status_list_show", number=1)


def test_what_a_replaced_key_signed_goes_on_being_verified(
    key: SigningKey, give: Give, folder: Path
) -> None:
    first = give()
    jobs.sign()
    before = act("challenge_credential_show", award=first.id)
    old_id = key.id
    new = generations.rotate()
    # Its private file is needed no more.
    (folder / f"{old_id}.pem").unlink()
    second = give()
    assert jobs.sign().signed == 1
    after = act("challenge_credential_show", award=second.id)
    did = act("challenge_did_show")
    for shown, id_ in ((before, old_id), (after, new.id)):
        verify_document(shown["document"], did)
        verify_token(shown["jwt"], did)
        method = shown["document"]["proof"]["verificationMethod"]
        assert method == portal().method(id_, "proof")
        for form in ("document", "jwt"):
            found = act("challenge_credential_verify", credential=shown[form])
            assert found["valid"] and found["key"]["id"] == id_
            assert (found["key"]["retired_at"] is None) == (id_ == new.id)
    # Both, the one that signs first, say when they signed.
    validity = [
        (method["id"].rpartition("#")[2], "validThrough" in method)
        for method in did["verificationMethod"]
    ]
    assert validity == [
        (new.id, False),
        (f"{new.id}-rsa", False),
        (old_id, True),
        (f"{old_id}-rsa", True),
    ]
    assert not journal.verify()


@pytest.mark.parametrize("signs_still", [True, False])
def test_what_a_stolen_key_signed_is_believed_nowhere(
    key: SigningKey, give: Give, folder: Path, cli: Any, signs_still: bool
) -> None:
    award, old_id = give(), key.id
    jobs.sign()
    before = act("challenge_credential_show", award=award.id)
    if not signs_still:
        generations.rotate()
    revoke = ["challenge", "keys", "revoke", old_id]
    # It says how many badges that is, and without a yes nothing happens.
    asked = cli.invoke(ckan_command, revoke, input="n\n")
    assert asked.exit_code == 1 and "Badges that it has signed: 1" in asked.output
    assert (folder / f"{old_id}.pem").exists()
    said_so = cli.invoke(ckan_command, [*revoke, "--yes"])
    assert said_so.exit_code == 0 and "1 badges signed" in said_so.output
    assert not (folder / f"{old_id}.pem").exists()
    did = act("challenge_did_show")
    with pytest.raises(Refused, match="not to assert with"):
        verify_document(before["document"], did)
    with pytest.raises(Refused, match="not to assert with"):
        verify_token(before["jwt"], did)
    # The list that goes by ids says nothing against the one that has its id now.
    assert is_revoked(before["document"], lists()) == (True, False)
    for form in ("document", "jwt"):
        found = act("challenge_credential_verify", credential=before[form])
        assert (found["valid"], found["code"]) == (False, "compromised_key")
    # Whoever only names that key was never given a badge that was withdrawn.
    forged = {**before["document"], "name": "Un autre badge"}
    assert act("challenge_credential_verify", credential=forged)["code"] == "altered"
    bare = {"proof": before["document"]["proof"]}
    assert act("challenge_credential_verify", credential=bare)["code"] == "unknown"
    # The badge itself stands, signed by another key at another place.
    assert said(award.id) == [(False, False)] * 2
    after = act("challenge_credential_show", award=award.id)
    assert act("challenge_credential_verify", credential=after["jwt"])["valid"]
    assert (
        "not believed any more"
        in cli.invoke(ckan_command, ["challenge", "keys", "list"]).output
    )
    wrong = cli.invoke(ckan_command, ["challenge", "keys", "revoke", "x"])
    assert wrong.exit_code == 1 and "There is no key x" in wrong.output
    assert not journal.verify()


def test_a_signature_is_not_believed_where_somebody_changed_the_database(
    key: SigningKey, give: Give
) -> None:
    award = give()
    jobs.sign()
    document = act("challenge_credential_show", award=award.id)["document"]
    document["credentialSubject"]["achievement"]["name"] = "Autre chose"
    model.Session.execute(sa.update(Credential).values(document=document))
    model.Session.commit()
    found = act("challenge_credential_verify", credential=document)
    assert (found["code"], found["signed"], found["badge"]) == (
        "signature",
        False,
        None,
    )


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("credential", "code"),
    [
        ("", None),
        ("bonjour", "malformed"),
        ("{", "malformed"),
        ('{"a": 1, "a": 2}', "malformed"),
        ('{"a": NaN}', "malformed"),
        ("[" * 100_000, "malformed"),
        ('{"a":' * 20_000, "malformed"),
        ("{}", "not_a_badge"),
        ({"proof": {"type": "DataIntegrityProof"}}, "unknown_key"),
        (
            {"proof": {"type": "DataIntegrityProof", "verificationMethod": "a#\0"}},
            "unknown_key",
        ),
        ('{"a": "\\ud800"}', "malformed"),
        (f"{_base64('[' * 50_000)}.e30.AA", "malformed"),
        (_base64(r'{"alg": "RS256", "kid": "#\ud800-rsa"}') + ".e30.AA", "unknown_key"),
        ({"proof": [{"type": "DataIntegrityProof"}]}, "not_a_badge"),
        ("a.b.c", "malformed"),
        ("eyJhbGciOiJub25lIn0.e30.", "malformed"),
        ("eyJhbGciOiJub25lIn0.e30.AA", "not_a_badge"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.AA", "not_a_badge"),
        ("eyJhbGciOiJSUzI1NiJ9.e30.AA", "unknown_key"),
        ("x" * (256 * 1024 + 1), "too_long"),
        (12, None),
    ],
)
def test_what_is_no_credential_is_refused_with_its_reason(
    credential: Any, code: str | None
) -> None:
    if code is None:
        with pytest.raises(tk.ValidationError):
            act("challenge_credential_verify", credential=credential)
        return
    found = act("challenge_credential_verify", credential=credential)
    assert (found["valid"], found["code"]) == (False, code)
    assert found["reason"] and found["issuer"] is None


@pytest.mark.usefixtures("key")
def test_a_changed_place_is_named(give: Give) -> None:
    award = give()
    jobs.sign()
    document = act("challenge_credential_show", award=award.id)["document"]
    document["evidence"][1]["narrative"] = "12"
    found = act("challenge_credential_verify", credential=document)
    assert found["code"] == "altered" and not found["signed"]
    assert "evidence[1].narrative" in found["reason"]
    # The real one can be looked at.
    assert found["award"] == award.id and found["badge"] is None


def test_without_a_key_badges_stand_and_are_signed_later(
    give: Give,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    app: Any,
) -> None:
    # Alembic, which made the tables, silences the loggers that were there before.
    monkeypatch.setattr(jobs.log, "disabled", False)
    award = give()
    with caplog.at_level(logging.ERROR):
        assert jobs.sign().problem == jobs.NO_KEY
    (line,) = [row for row in caplog.messages if "not signed" in row]
    assert "ckan challenge keys create" in line
    assert act("challenge_award_show", id=award.id)["state"] == "active"
    admin = factories.SysadminWithToken()
    headers = {"Authorization": admin["token"]}
    assert "keys list" in app.get("/challenge/manage", headers=headers).text
    listed = tk.get_action("challenge_key_list")({"user": admin["name"]}, {})
    assert (listed["count"], listed["waiting"]) == (0, 1)
    generations.create()
    assert jobs.sign().signed == 1 and store.waiting() == 0
    assert "keys list" not in app.get("/challenge/manage", headers=headers).text


def _missing(path: Path) -> None:
    path.unlink()


def _open_file(path: Path) -> None:
    path.chmod(0o640)


def _open_folder(path: Path) -> None:
    path.parent.chmod(0o755)


def _folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir(0o700)


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def _another(path: Path) -> None:
    data = path.read_bytes()
    made = generations.rotate()
    path.with_name(f"{made.id}.pem").write_bytes(data)


HARMS = {
    "There is no": _missing,
    "Others can read": _open_file,
    "chmod 700": _open_folder,
    "cannot be read": _folder_instead,
    "does not hold two private keys": _half,
    "is not the private half": _another,
}


@pytest.mark.parametrize("told", HARMS)
def test_a_key_that_cannot_be_used_keeps_no_badge_from_being_given(
    key: SigningKey, give: Give, folder: Path, cli: Any, told: str
) -> None:
    HARMS[told](folder / f"{key.id}.pem")
    award = give()
    problem = jobs.sign().problem
    assert problem is not None and told in problem and str(folder) in problem
    assert act("challenge_credential_show", award=award.id)["document"] is None
    listed = cli.invoke(ckan_command, ["challenge", "keys", "list"])
    assert listed.exit_code == 1 and told in listed.output
    assert "Badges that wait to be signed: 1" in listed.output
    folder.chmod(0o700)
    generations.rotate()
    assert jobs.sign().signed == 1


def test_the_commands_make_replace_and_list_keys(
    clean_db: None, folder: Path, give: Give, cli: Any
) -> None:
    def run(*words: str) -> Any:
        return cli.invoke(ckan_command, ["challenge", "keys", *words])

    assert run("list").exit_code == 1
    give()
    made = run("create")
    assert made.exit_code == 0 and "1 badges signed" in made.output
    again = run("create")
    assert again.exit_code == 1 and "rotate" in again.output
    assert run("create", "--if-missing").exit_code == 0
    assert run("rotate").exit_code == 0
    (folder / f"{store.public_keys()[1].id}.pem").unlink()
    listed = run("list")
    assert listed.exit_code == 0
    assert listed.output.count("private file there") == 1
    assert listed.output.count("no private file") == 1
    assert (folder.stat().st_mode & 0o777) == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    # Nothing private is in the database.
    rows = model.Session.execute(
        sa.text("SELECT to_jsonb(k) FROM challenge_signing_key k")
    )
    stored = json.dumps([list(row) for row in rows])
    assert "PRIVATE" not in stored and '"d"' not in stored


def test_the_nightly_command_signs_what_was_missed(
    clean_db: None, folder: Path, give: Give, cli: Any
) -> None:
    organization = factories.Organization()["name"]
    give()

    def evaluate() -> Any:
        words = ["challenge", "evaluate", "--organization", organization]
        return cli.invoke(ckan_command, words)

    # A portal may do without keys, and is told.
    none = evaluate()
    assert none.exit_code == 0 and "1 badges are not signed" in none.output
    key = generations.create()
    _open_file(folder / f"{key.id}.pem")
    unusable = evaluate()
    assert unusable.exit_code == 1 and "Others can read" in unusable.output
    (folder / f"{key.id}.pem").chmod(0o600)
    assert evaluate().exit_code == 0 and store.waiting() == 0


def test_a_folder_that_cannot_be_written_leaves_nothing_behind(
    clean_db: None, folder: Path, cli: Any
) -> None:
    folder.write_text("a file")
    made = cli.invoke(ckan_command, ["challenge", "keys", "create"])
    assert made.exit_code == 1 and "keys_path" in made.output
    assert store.public_keys() == []


def _sign_and_die() -> None:
    """What a job does whose process is killed before it commits its second portion."""
    model.Session.remove()
    model.ensure_engine().dispose(close=False)
    save, saved = store.save, list[int]()

    def dying(credentials: Sequence[Credential]) -> None:
        save(credentials)
        saved.append(1)
        if len(saved) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    store.save = dying
    jobs.PORTION = 2
    jobs.sign()


@pytest.mark.usefixtures("key")
def test_a_job_that_is_killed_loses_no_more_than_a_portion(give: Give) -> None:
    for _ in range(5):
        give()
    model.Session.remove()
    process = multiprocessing.get_context("fork").Process(target=_sign_and_die)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert (model.Session.query(Credential).count(), store.waiting()) == (2, 3)
    model.Session.rollback()
    assert jobs.sign().signed == 3
    places = sorted(row.status_index for row in model.Session.query(Credential))
    # The two places that were lost are not given again.
    assert [place - places[0] for place in places] == [0, 1, 4, 5, 6]


def test_runs_at_the_same_time_sign_each_badge_once(
    key: SigningKey, give: Give, monkeypatch: pytest.MonkeyPatch, app: Any
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 2)
    for _ in range(8):
        give()
    outcomes: list[int] = []

    def run() -> None:
        with app.flask_app.app_context():
            outcomes.append(jobs.sign().signed)
            model.Session.remove()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcomes) == 8
    assert model.Session.query(Credential).count() == 8


@pytest.mark.usefixtures("key")
def test_many_are_signed_in_portions(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 2)
    for _ in range(5):
        give()
    seen: list[int] = []
    assert jobs.sign(seen.append).signed == 5
    assert jobs.sign().looked_at == 0
    assert seen == [2, 2, 1]
    for credential in model.Session.query(Credential):
        verify_document(credential.document, act("challenge_did_show"))


def test_a_run_signs_nothing_more_with_a_key_that_is_replaced_meanwhile(
    key: SigningKey, give: Give
) -> None:
    old = key.id
    generations.rotate()
    assert jobs._sign(old, [give().id]) == (0, [])
    assert store.waiting() == 1
    jobs.sign()
    do("challenge_award_revoke", id=model.Session.query(Award).one().id, reason="x")
    assert jobs._renew(old) == 0
    assert jobs.sign().lists == 1


@pytest.mark.usefixtures("key")
def test_the_lists_follow_what_goes_with_its_organization(give: Give) -> None:
    kept, gone = give(), give()
    kept_id, gone_id = kept.id, gone.id
    jobs.sign()
    empty(gone, "dataset_purge")
    forget()
    do("organization_delete", id=gone.organization_id)
    worker = SimpleWorker(
        [background.get_queue()], connection=background.get_queue().connection
    )
    worker.work(burst=True)
    assert said(kept_id) == [(False, False)] * 2
    credential = model.Session.query(Credential).filter_by(award_id=gone_id).one()
    assert is_revoked(credential.document, lists()) == (True, True)


@pytest.mark.usefixtures("key")
def test_an_award_withdrawn_before_it_was_signed_is_not_promised_a_signature(
    give: Give, app: Any
) -> None:
    award = give()
    do("challenge_award_revoke", id=award.id, reason="x")
    jobs.sign()
    page = app.get(f"/en/challenge/awards/{award.id}")
    assert "withdrawn before it was signed" in page.body
    refused = app.get(f"/en/challenge/awards/{award.id}.json", expect_errors=True)
    assert refused.status_code == 404
    assert "withdrawn before it was signed" in refused.body


@pytest.mark.usefixtures("key")
def test_one_award_that_cannot_be_told_does_not_keep_the_others(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = give(), give()
    holding = jobs._holding

    def failing(row: Any, titles: Any) -> Any:
        if row.id == broken.id:
            raise KeyError("something")
        return holding(row, titles)

    monkeypatch.setattr(jobs, "_holding", failing)
    outcome = jobs.sign()
    assert outcome.signed == 1 and broken.id in outcome.errors[0]
    assert act("challenge_credential_show", award=other.id)["jwt"]


@pytest.mark.usefixtures("key")
def test_pictures_carry_the_very_same_credential(give: Give) -> None:
    award = give()
    jobs.sign()
    token = act("challenge_credential_show", award=award.id)["jwt"]
    svg = badge_document(act("challenge_award_show", id=award.id), "Baule", "fr")
    drawing, picture = bake_svg(svg, token).encode(), bake_png(png(svg, 200), token)
    # By another one's reader, and by ours.
    element = baking.SVG_ELEMENT_OB3
    assert baking.extract_svg(drawing, element=element) == token
    assert baking.extract_png(picture, keyword=baking.ITXT_KEYWORD_OB3) == token
    assert carried(drawing) == carried(picture) == token
    verify_token(token, act("challenge_did_show"))


@pytest.mark.usefixtures("key")
def test_only_what_everybody_sees_is_signed(give: Give) -> None:
    award = give()
    (dataset,) = award.criteria["met"][0]["datasets"]
    do("package_patch", id=dataset, private=True)
    hidden = give(organization=(gone := factories.Organization()))
    empty(hidden, "package_delete")
    do("organization_delete", id=gone["id"])
    assert jobs.sign().signed == 1
    document = act("challenge_credential_show", award=award.id)["document"]
    assert [part["genre"] for part in document["evidence"]] == ["award", "figure"]
    assert "Délibérations" not in json.dumps(document, ensure_ascii=False)
    with pytest.raises(tk.ObjectNotFound):
        act("challenge_credential_show", award=hidden.id)


#: How the words of an award begin in the language of the portal.
IN_FRENCH = {"declared": "déclaré", "confirmed": "confirmé", "verified": "vérifié"}


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("steps", "word"),
    [
        ([{"step": "deliberation"}], "confirmed"),
        ([{"step": "deliberation"}, {"step": "elu-referent"}], "declared"),
        ([{"step": "elu-referent", "waived": True}], "verified"),
    ],
)
def test_an_award_says_whose_word_stands_behind_it(
    give: Give, steps: list[dict[str, Any]], word: str
) -> None:
    award = give("engagee")
    measured = award.criteria["met"]
    met = [{**step, "value": 1, "target": 1, "datasets": []} for step in steps]
    award.criteria = {"met": [*measured, *met]}
    model.Session.commit()
    shown = act("challenge_award_show", id=award.id)
    assert shown["assurance"] == word
    assert shown["criteria"]["met"][0]["assurance"] == "verified"
    assert jobs.sign().signed == 1
    document = act("challenge_credential_show", award=award.id)["document"]
    told = act("challenge_credential_verify", credential=document)
    assert told["valid"]
    said = {part["genre"]: part["assurance"] for part in told["evidence"][:1]}
    assert said == {"award": word}
    figures = [part for part in told["evidence"] if part["genre"] == "figure"]
    assert figures[0]["assurance"] == "verified"
    (dataset,) = (part for part in told["evidence"] if part["genre"] == "dataset")
    assert dataset["assurance"] == "verified"
    for step, figure in zip(steps, figures[1:], strict=True):
        if step.get("waived"):
            assert figure["assurance"] is None
        else:
            # The sentence is in the file too, not only the word.
            said_so = IN_FRENCH[figure["assurance"]]
            assert figure["narrative"].lower().startswith(said_so)


@pytest.mark.usefixtures("key")
def test_what_changes_an_award_queues_the_job_that_signs(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    award = give()
    for _ in range(3):
        give()
    do("challenge_award_revoke", id=award.id, reason="x")
    waiting = background.get_queue()
    monkeypatch.setattr(jobs, "TURN", 2)
    SimpleWorker([waiting], connection=waiting.connection).work(burst=True)
    # One job takes two, and leaves the rest to another one.
    assert model.Session.query(Credential).count() == 3


@pytest.mark.parametrize(
    ("base", "did"),
    [
        ("https://data.example.org", "did:web:data.example.org"),
        ("http://127.0.0.1:5000", "did:web:127.0.0.1%3A5000"),
        ("https://example.org/open/data", "did:web:example.org:open:data"),
        ("https://[::1]:8443/x", "did:web:%5B%3A%3A1%5D%3A8443:x"),
    ],
)
def test_the_did_says_where_its_document_is(base: str, did: str) -> None:
    assert did_web(base) == did
    assert Issuer(base, "x").did == did


@pytest.mark.parametrize(
    ("root", "base"),
    [
        ("", "https://example.org"),
        ("/open/data", "https://example.org/open/data"),
        ("/open/{{LANG}}", "https://example.org/open"),
    ],
)
def test_addresses_that_are_signed_are_those_of_the_portal(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, root: str, base: str
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.site_url", "https://example.org")
    monkeypatch.setitem(ckan_config, "ckan.root_path", root)
    assert portal().base == base


def test_the_portal_answers_at_every_address_that_it_signs(
    key: SigningKey, give: Give, app: Any
) -> None:
    collectivites()
    award = give()
    jobs.sign()
    document = act("challenge_credential_show", award=award.id)["document"]
    here = f"{portal().base}/"
    named: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                collect(part)
        elif isinstance(value, str) and value.startswith(here):
            named.add(value.partition("#")[0])

    collect(document)
    assert len(named) >= 9
    for address in sorted(named):
        assert app.get(address).status_code == 200, address
