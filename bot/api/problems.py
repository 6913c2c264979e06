"""Errors of the HTTP API: RFC 9457 problem documents that name the field and the remedy."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from orchestrator.errors import IllegalTransition, LostRace
from storage.database import database_failed
from storage.vault import KeyServiceDown

MEDIA_TYPE = "application/problem+json"
KIND = "urn:majordomo:problem:"

logger = logging.getLogger(__name__)


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where: body.due_at, query.limit, path.task", examples=["body.due_at"])
    message: str = Field(examples=["Input should be a valid datetime"])


class ProblemDocument(BaseModel):
    """What every error answer looks like (RFC 9457)."""

    type: str = Field(examples=[f"{KIND}not-found"])
    title: str = Field(examples=["There is no such task."])
    status: int = Field(examples=[404])
    detail: str = ""
    field: str | None = None
    remedy: str | None = None
    errors: list[Fault] | None = None


class Problem(Exception):
    """An error as the client is told it. `code` is a few words with hyphens and stays the same for ever."""

    def __init__(
        self, status: int, code: str, title: str, detail: str = "", field: str = "", remedy: str = "", *, headers: Mapping[str, str] | None = None,
        errors: Sequence[Fault] = (), extra: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(title)
        self.status, self.code, self.title = status, code, title
        self.detail, self.field, self.remedy = detail, field, remedy
        self.headers, self.errors, self.extra = dict(headers or {}), tuple(errors), dict(extra or {})

    def body(self) -> dict[str, Any]:
        document: dict[str, Any] = {"type": KIND + self.code, "title": self.title, "status": self.status, "detail": self.detail}
        document |= {name: value for name, value in (("field", self.field), ("remedy", self.remedy)) if value}
        if self.errors:
            document["errors"] = [fault.model_dump() for fault in self.errors]
        return document | self.extra

    def response(self) -> JSONResponse:
        return JSONResponse(jsonable_encoder(self.body()), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def no_database() -> Problem:
    """Nobody knows whether the last write before it came in."""
    remedy = "try again in a moment, with the same Idempotency-Key where you sent one: it may have been done"
    return Problem(503, "no-database", "The database cannot be reached now.", remedy=remedy, headers={"Retry-After": "5"})


def not_found(noun: str) -> Problem:
    """Also what somebody else's things are to a caller."""
    return Problem(404, "not-found", f"There is no such {noun}.", remedy="use an id that a list of yours gave you")


def add_handlers(app: FastAPI) -> None:
    """Turn everything that may be raised into a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(IllegalTransition, _conflict)
    app.add_exception_handler(LostRace, _conflict)
    app.add_exception_handler(KeyServiceDown, _no_keys)
    app.add_exception_handler(SQLAlchemyError, _of_database)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return error.response()


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return invalid([(".".join(str(part) for part in fault["loc"]), str(fault["msg"])) for fault in error.errors()]).response()


def invalid(found: Sequence[tuple[str, str]]) -> Problem:
    """Fields that are wrong, as (where, what)."""
    faults = [Fault(field=field, message=message) for field, message in found]
    remedy = "mend the fields named in errors; the schema is at /api/v1/openapi.json"
    return Problem(422, "invalid", "The request is not as it should be.", faults[0].message, faults[0].field, remedy, errors=faults)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "-").replace("'", "")
    detail = str(error.detail) if error.detail != status.phrase else ""
    return Problem(status.value, code, f"{status.phrase}.", detail, headers=error.headers).response()


async def _conflict(request: Request, error: Exception) -> JSONResponse:
    return Problem(409, "conflict", "This cannot be done now.", str(error), remedy="read it again; it may have changed meanwhile").response()


async def _no_keys(request: Request, error: Exception) -> JSONResponse:
    remedy = "nothing was changed; try again later"
    return Problem(503, "no-keys", "What is kept secret cannot be opened now.", str(error), remedy=remedy, headers={"Retry-After": "60"}).response()


async def _of_database(request: Request, error: Exception) -> JSONResponse:
    if not database_failed(error):
        return await _unexpected(request, error)
    logger.error("an API request met a database that failed", extra={"path": request.url.path, "error": type(error).__name__})
    return no_database().response()


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("an API request failed", extra={"path": request.url.path}, exc_info=error)
    return Problem(500, "internal", "Something went wrong here.", remedy="try again; the log of Majordomo says more").response()
