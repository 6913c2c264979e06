"""Lists in pages: a cursor holds the key of the last thing seen, so that what comes meanwhile moves nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field

from bot.api.problems import Problem

T = TypeVar("T")
KEY = re.compile(r"[0-9A-Za-z:._-]{1,100}")
_OWN = frozenset({"cursor", "limit"})


class Page(BaseModel, Generic[T]):
    """A piece of a list. Follow `next` until it is null."""

    items: list[T]
    next: str | None = Field(description="Address of the next page; null on the last one.", examples=["/api/v1/tasks?limit=20&cursor=WyJhIiwiYiJd"])


def after(request: Request, cursor: str | None) -> str:
    """The key that the cursor holds; empty for the first page. Raises Problem 400 for one that is not ours or of another list."""
    if cursor is None:
        return ""
    try:
        mark, key = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
        right = mark == _mark(request) and isinstance(key, str) and KEY.fullmatch(key) is not None
    except (ValueError, TypeError):
        right = False
    if not right:
        raise Problem(400, "bad-cursor", "This cursor is not of this list.", field="query.cursor", remedy="begin again without a cursor, filters unchanged")
    return str(key)


def page_of(request: Request, found: Sequence[T], limit: int, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """What of `found` (one more than `limit` where there is more) belongs on this page, and the address of the next."""
    if len(found) <= limit:
        return found, None
    shown = found[:limit]
    cursor = base64.urlsafe_b64encode(json.dumps([_mark(request), key(shown[-1])]).encode()).decode().rstrip("=")
    following = request.url.include_query_params(cursor=cursor)
    return shown, f"{following.path}?{following.query}"


def _mark(request: Request) -> str:
    """Which list: its path and its filters."""
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OWN)
    return hashlib.sha256(json.dumps([request.url.path, filters]).encode()).hexdigest()[:16]
