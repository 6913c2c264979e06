"""What operators ask over HTTP: whether the house is ready, and its metrics. Liveness, GET /health, stands with the page."""

from __future__ import annotations

import hmac

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from bot.app import House
from bot.health import readiness
from bot.metrics import Metrics
from bot.web.guard import LOCAL

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_to(app: FastAPI, house: House) -> None:
    """GET /ready and GET /metrics."""
    metrics = Metrics(house.database, house.clock)

    @app.get("/ready")
    async def ready() -> JSONResponse:
        """200 when every part does its work, 503 with the names of those that do not. Names only: anybody may ask."""
        parts = await readiness(house)
        missing = sorted(name for name, works in parts.items() if not works)
        return JSONResponse({"status": "not ready" if missing else "ready", "missing": missing}, 503 if missing else 200)

    @app.get("/metrics")
    async def read(request: Request) -> Response:
        if not may_read(request, house.settings.metrics_token):
            raise HTTPException(403, "metrics are read from this machine, or with MAJORDOMO_METRICS_TOKEN")
        return Response(await metrics.page(), media_type=PROMETHEUS)


def may_read(request: Request, token: str) -> bool:
    """Whether a request may see the metrics: with the token; without one only from this machine itself, through no proxy and under its own name."""
    given = request.headers.get("authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    passed_on = any(name in request.headers for name in FORWARDED)
    return not given and not passed_on and request.client is not None and request.client.host in LOCAL and request.url.hostname in LOCAL
