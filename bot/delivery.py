"""One attempt to deliver one part, and what follows from how it ended.

What surely did not arrive is tried again as if nothing had been. What may have arrived (the connection broke in the
middle, a gateway answered 5xx in the platform's place, our process died) is repeated once for each such accident,
marked with ↻; an edit needs no mark, repeating it shows nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.cards.parts import marked_again, only_part, parts, without_markup
from bot.channels.base import Ambiguous, Channel, MarkupRefused, NotDelivered, Part, Reacting, RetryAfter, Unchanged, Unreachable, WindowClosed
from bot.outbox_rows import AMBIGUOUS, FAILED, QUEUED, RETRY, SENT, SUPERSEDED, WAITING, Address, Claimed, Result
from orchestrator.contracts import Clock
from orchestrator.tasks.outgoing import EDIT, REMOVE, STATUS, TOAST, card_from_json

TOAST_LIFE = timedelta(seconds=15)
LIFE = timedelta(days=7)
"""Nobody wants a reply that is a week old."""
AMBIGUOUS_ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between attempts, doubling."""

logger = logging.getLogger(__name__)


async def deliver(channel: Channel, claimed: Claimed, address: Address, clock: Clock) -> Result:
    """Try once; never raises but for cancellation."""
    age = clock.now() - claimed.created_at
    if age > (TOAST_LIFE if claimed.kind == TOAST else LIFE):
        return _failed(claimed, "too late")
    try:
        return await _attempt(channel, claimed, address, clock)
    except RetryAfter as error:
        due = clock.now() + timedelta(seconds=error.seconds)
        return Result(
            claimed,
            RETRY,
            error=str(error),
            not_before=due,
            repeated=claimed.repeated,
            attempts=claimed.attempts,
            pause=error.seconds,
            whole_bot=error.whole_bot,
        )
    except NotDelivered as error:
        return _again(claimed, error, clock.now(), repeated=claimed.repeated)
    except Unreachable as error:
        return _failed(claimed, str(error))
    except WindowClosed as error:
        return Result(claimed, WAITING, error=str(error)[:500], repeated=claimed.repeated, attempts=claimed.attempts)
    except (MarkupRefused, ValueError) as error:
        return _failed(claimed, f"refused: {error}")
    except Ambiguous as error:
        return _ambiguous(claimed, error, clock.now())
    except Exception as error:  # the edge of a worker: a fault of a channel must not stop the others
        logger.exception("a channel failed in an unexpected way", extra={"outgoing": claimed.id, "channel": address.channel})
        return _ambiguous(claimed, error, clock.now())


async def _attempt(channel: Channel, claimed: Claimed, address: Address, clock: Clock) -> Result:
    if claimed.kind == TOAST:
        await channel.answer_press(claimed.status_key, str(claimed.card["text"]))
        return Result(claimed, SENT, sent_at=clock.now())
    if claimed.kind == REMOVE:
        await channel.remove(address.external_id, claimed.status_key)
        return Result(claimed, SENT, sent_at=clock.now())
    if claimed.kind == STATUS and not channel.capabilities.edits and isinstance(channel, Reacting):
        await channel.progress(address.external_id, _status(channel, claimed))
        return Result(claimed, SENT, sent_at=clock.now())
    if claimed.kind in (EDIT, STATUS) and not channel.capabilities.edits:
        return Result(claimed, SUPERSEDED, error="this channel cannot edit")
    if claimed.target:
        await _edit(channel, claimed, address, claimed.target)
        return Result(claimed, SENT, platform_id=claimed.target, sent_at=clock.now())
    if claimed.kind == EDIT:
        return _failed(claimed, "what it would edit was never sent")
    pieces = parts(card_from_json(claimed.card), channel.capabilities) if claimed.kind != STATUS else [_status(channel, claimed)]
    done: Sequence[str] = claimed.card.get("sent_parts", ())
    platform_id = await _send(channel, claimed, address, pieces[min(len(done), len(pieces) - 1)], len(done))
    arrived = (*done, platform_id)
    if len(arrived) < len(pieces):
        return Result(claimed, QUEUED, sent_parts=arrived)
    shows_keys = max((n for n, piece in enumerate(pieces) if piece.file is None), default=0)
    return Result(claimed, SENT, platform_id=arrived[min(shows_keys, len(arrived) - 1)], sent_at=clock.now())


def _status(channel: Channel, claimed: Claimed) -> Part:
    """A status is one silent message."""
    return _owned(only_part(card_from_json({**claimed.card, "silent": True}), channel.capabilities), claimed)


async def _send(channel: Channel, claimed: Claimed, address: Address, part: Part, number: int) -> str:
    part = _owned(marked_again(part) if claimed.repeated else part, claimed, number)
    try:
        return await channel.send(address.external_id, part)
    except MarkupRefused:
        return await channel.send(address.external_id, without_markup(part, channel.capabilities))


async def _edit(channel: Channel, claimed: Claimed, address: Address, target: str) -> None:
    part = _owned(only_part(card_from_json(claimed.card), channel.capabilities), claimed)
    try:
        try:
            await channel.edit(address.external_id, target, part)
        except MarkupRefused:
            await channel.edit(address.external_id, target, without_markup(part, channel.capabilities))
    except Unchanged:
        return


def _owned(part: Part, claimed: Claimed, number: int = 0) -> Part:
    """The part with what it belongs to; later parts of one card have ids of their own."""
    own_id = f"{claimed.id}:{number}" if number else claimed.id
    return replace(part, outgoing_id=own_id, task_id=claimed.task_id, kind=claimed.kind)


def _failed(claimed: Claimed, why: str) -> Result:
    return Result(claimed, FAILED, error=why[:500], repeated=claimed.repeated, attempts=claimed.attempts + 1)


def _again(claimed: Claimed, error: Exception, now: datetime, *, repeated: bool) -> Result:
    wait = min(FIRST_WAIT * 2**claimed.attempts, LONGEST_WAIT) if claimed.attempts < 10 else LONGEST_WAIT
    due = now + timedelta(seconds=wait)
    return Result(claimed, RETRY, error=str(error)[:500], not_before=due, repeated=repeated, attempts=claimed.attempts + 1)


def _ambiguous(claimed: Claimed, error: Exception, now: datetime) -> Result:
    if claimed.attempts + 1 >= AMBIGUOUS_ATTEMPTS:
        return Result(claimed, AMBIGUOUS, error=str(error)[:500], repeated=claimed.repeated, attempts=claimed.attempts + 1)
    return _again(claimed, error, now, repeated=True)
