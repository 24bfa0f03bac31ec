"""The CSRF token of the extension's own forms and actions, checked by the extension.

CKAN 2.12.0 exempts a view from its protection for the whole process as soon as one
request reaches it without a session (``csrf.exempt`` in
``ckan/config/middleware/flask_app.py``). So CKAN's check cannot be relied on here.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.common import session
from flask import g, request
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms.validators import ValidationError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def check_token() -> None:
    """Refuse a state-changing request of a cookie's user that lacks the token.

    A request whose user came from an API token, or that has no user, carries
    nothing that another site could make a browser send.

    :raises CSRFError: answered 400 by CKAN
    """
    if request.method in SAFE_METHODS:
        return
    if not tk.asbool(tk.config.get("WTF_CSRF_ENABLED", True)):
        return
    # Flask-Login's own mark that the user is that of the session, or of the
    # "remember me" cookie, which opens one.
    if tk.current_user.is_anonymous or "_user_id" not in session:
        return
    field = tk.config.get("WTF_CSRF_FIELD_NAME", "_csrf_token")
    token = request.form.get(field) or request.headers.get("X-CSRFToken")
    try:
        validate_csrf(token, time_limit=tk.config.get("WTF_CSRF_TIME_LIMIT"))
    except ValidationError as error:
        raise CSRFError(str(error.args[0])) from error


def check_action() -> None:
    """Refuse an action of ours with effects, asked of CKAN's API by a session's cookie
    without the token.

    One anonymous call exempts CKAN's view of all actions for the whole process. What
    comes with a token of the API carries what no other site can make a browser send.

    :raises CSRFError: answered 400 by CKAN
    """
    if request.endpoint != "api.action" or request.method in SAFE_METHODS:
        return
    name = str((request.view_args or {}).get("logic_function", ""))
    if not name.startswith("challenge_"):
        return
    try:
        action = tk.get_action(name)
    except KeyError:
        return
    if getattr(action, "side_effect_free", False):
        return
    # Set where the user is that of the token: from CKAN 2.12 on also beside a cookie.
    if tk.current_user.is_authenticated and not g.get("login_via_auth_header"):
        check_token()
