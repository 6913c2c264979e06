"""Lists that are rows of one table, newest first, in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from fastapi import Request
from pydantic import BaseModel

from bot.api import pages
from bot.api.pages import Page
from bot.api.problems import not_found
from bot.app import House

T = TypeVar("T", bound=BaseModel)


async def newest_first(
    request: Request, house: House, query: sa.Select[Any], by: Any, show: Callable[[Any], T], *, limit: int, cursor: str | None
) -> Page[T]:  # fmt: skip
    """A page of `query`, which must ask for the caller's own rows; `by` is its column of ids, which grow with time."""
    last = pages.after(request, cursor)
    if last:
        query = query.where(by < last)
    found = await house.database.read(lambda connection: connection.execute(query.order_by(by.desc()).limit(limit + 1)).all())
    shown, following = pages.page_of(request, found, limit, lambda row: str(row.id))
    return Page(items=[show(row) for row in shown], next=following)


async def one(house: House, query: sa.Select[Any], noun: str) -> Any:
    """The row that `query` asks for, among the caller's own. Raises Problem 404."""
    row = await house.database.read(lambda connection: connection.execute(query).first())
    if row is None:
        raise not_found(noun)
    return row
