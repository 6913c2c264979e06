"""The HTTP API as an application of its own, mounted at /api/v1. What it has is the list of routers below."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from bot.api import (
    agents,
    approvals,
    audit,
    autonomous,
    credential_requests,
    credentials,
    email_log,
    executions,
    live,
    notifications,
    people,
    preferences,
    schedules,
    sockets,
    statistics,
    task_actions,
    task_types,
    tasks,
)
from bot.api.description import describe
from bot.api.door import Door
from bot.api.limits import Limits
from bot.api.on_demand import PATH as PATH
from bot.api.problems import add_handlers
from bot.app import House
from bot.web.guard import Guard

ROUTERS: tuple[Callable[[], APIRouter], ...] = (
    people.router, tasks.router, task_actions.router, executions.router, approvals.router, live.router, sockets.router,
    credentials.router, credential_requests.router, schedules.router, notifications.router, email_log.router, statistics.router, agents.router,
    task_types.router, audit.router, autonomous.router, preferences.router,
)  # fmt: skip
"""One a resource; each module tells its routes in `router()`."""


def make_api(house: House, guard: Guard, limits: Limits | None = None) -> FastAPI:
    """The application. `state` carries the house, the limits, the guard, `closing`, which ends open streams, and how many callers' keys are awaited."""
    api = FastAPI(title="Majordomo", version=_version(), docs_url=None, redoc_url=None, openapi_url=None)
    api.state.house, api.state.guard, api.state.limits, api.state.closing = house, guard, limits or Limits(), asyncio.Event()
    api.state.unknown_sockets = 0
    add_handlers(api)
    for router in ROUTERS:
        api.router.routes.extend(router().routes)
    api.add_middleware(Door, guard=guard)

    async def description() -> JSONResponse:
        return JSONResponse(describe(api, PATH))

    api.add_api_route("/openapi.json", description, methods=["GET"], include_in_schema=False)
    return api


def _version() -> str:
    try:
        return version("majordomo")
    except PackageNotFoundError:
        return "0"
