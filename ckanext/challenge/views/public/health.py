"""Whether this node lives and can answer, and figures: for programs that watch it."""

from __future__ import annotations

import ipaddress
import time
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, g, jsonify, request
from flask.blueprints import BlueprintSetupState

from ckanext.challenge import config
from ckanext.challenge.common.rate_limit import client_address
from ckanext.challenge.views.common import act, blueprint

try:
    import prometheus_client as prometheus
except ImportError:  # the extra "metrics" is not installed
    prometheus = None

health = blueprint("challenge_health", programs=True)


def _now(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


health.after_request(_now)


@health.get("/health")
def alive() -> Response:
    """This process answers: it asks nothing of the database, of Redis or of Solr."""
    return jsonify({"status": "alive"})


def _answer_first(state: BlueprintSetupState) -> None:
    """CKAN asks the database before each request: this address has to answer before."""

    def answer() -> Response | None:
        if request.endpoint != f"{health.name}.alive":
            return None
        # What CKAN does after each request counts from there.
        setattr(g, "__timer", time.time())
        return alive()

    state.app.before_request_funcs.setdefault(None, []).insert(0, answer)


health.record_once(_answer_first)


@health.get("/health/ready")
def ready() -> Any:
    """This node can answer pages, or is better left out for now (503)."""
    found = act("challenge_readiness_show")
    return jsonify(found), 200 if found["ready"] else 503


@health.get("/metrics")
def metrics() -> Any:
    """Figures for Prometheus, within ``ckanext.challenge.metrics_networks``."""
    if not _may_watch():
        told = "See ckanext.challenge.metrics_networks\n"
        return Response(told, 403, mimetype="text/plain")
    if prometheus is None:
        return Response(
            "Install ckanext-challenge[metrics]\n", 501, mimetype="text/plain"
        )
    # Prometheus has no account: that it comes from there is what lets it in.
    found = tk.get_action("challenge_figures_show")({"ignore_auth": True}, {})
    registry = prometheus.CollectorRegistry()
    for name, figure in found.items():
        rows = figure["values"]
        names = [*rows[0]["labels"]] if rows else []
        gauge = prometheus.Gauge(name, figure["help"], names, registry=registry)
        for row in rows:
            (gauge.labels(**row["labels"]) if names else gauge).set(row["value"])
    return Response(
        prometheus.generate_latest(registry),
        content_type=prometheus.CONTENT_TYPE_LATEST,
    )


def _may_watch() -> bool:
    forwarded = request.headers.get("X-Forwarded-For", "")
    address = (
        client_address(request.remote_addr, [forwarded], config.trusted_proxies())
        if forwarded
        else request.remote_addr
    )
    try:
        where = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return any(where in network for network in config.metrics_networks())
