"""Live by WebSocket: the events of `live`, one JSON text each. The key comes in the header, or as the first message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from contextlib import aclosing

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from bot.api.access import Caller, authenticate
from bot.api.door import check_host
from bot.api.live import KEEP_ALIVE, LARGEST_ID, PATIENCE, WHY, of_person, of_task, shown
from bot.api.problems import Problem
from bot.api.streams import SCOPE, rights_of
from bot.app import House
from bot.event_stream import Ended, Listener

KEY_WITHIN = 10.0
"""Seconds in which the key must come where the header has none."""
LONGEST_KEY = 500
MOST_UNKNOWN = 32
"""Callers at a time whose key is still awaited; one whose header has it never waits behind them."""
CODES = {Ended.CLOSING: 1001, Ended.SLOW: 4408, Ended.REFUSED: 4401}
"""Close codes; a refusal at the start is 4000 and its HTTP status."""


def router() -> APIRouter:
    made = APIRouter(tags=["live"])
    made.add_api_websocket_route("/ws", everything)
    made.add_api_websocket_route("/tasks/{task}/ws", one_task)
    return made


async def everything(websocket: WebSocket) -> None:
    """Everything that happens to your tasks."""
    await _serve(websocket, None)


async def one_task(websocket: WebSocket, task: str) -> None:
    """What happens to one task, from its beginning or from `?last_event_id=`."""
    await _serve(websocket, task)


async def _serve(websocket: WebSocket, task: str | None) -> None:
    try:
        caller = await _caller(websocket)
        house: House = websocket.app.state.house
        wanted = of_person(caller) if task is None else await of_task(house, caller, task)
        start = await house.live.starting_point(_asked(websocket, None if task is None else 0))
        rights = rights_of(websocket.app)
        rights.make_room(caller)
    except Problem as problem:
        await _refuse(websocket, problem)
        return
    except WebSocketDisconnect:
        return
    listener = Listener(wanted)
    rights.admit(listener, caller)
    try:
        if not _is_open(websocket):
            await websocket.accept()
        await _talk(websocket, house, listener, start)
    finally:
        rights.dismiss(listener)


async def _caller(websocket: WebSocket) -> Caller:
    """Whose key this is. Raises Problem 401, 403, 421 or 429."""
    app = websocket.app
    check_host(app.state.guard, websocket)
    scheme, _, key = websocket.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        key = await _awaited_key(websocket)
    found = await authenticate(app.state.house, key.strip())
    app.state.limits.take(websocket, found.key_id)
    if SCOPE not in found.scopes:
        raise Problem(403, "scope-missing", "This key may not do that.", f"It lacks {SCOPE}.")
    return found


async def _awaited_key(websocket: WebSocket) -> str:
    """The key that comes as the first message. Raises Problem 429 where too many wait for theirs."""
    state = websocket.app.state
    if state.unknown_sockets >= MOST_UNKNOWN:
        raise Problem(429, "too-many-unknown", "Too many callers without a key wait here.", remedy="send the key in the header, or try again in 10 s")
    state.unknown_sockets += 1
    try:
        await websocket.accept()
        return await _first_message(websocket)
    finally:
        state.unknown_sockets -= 1


async def _first_message(websocket: WebSocket) -> str:
    """`{"key": "mjd_…"}`, as browsers send it, which cannot set the header; "" for anything else, or for nothing in time."""
    try:
        async with asyncio.timeout(KEY_WITHIN):
            said = await websocket.receive()
    except TimeoutError:
        return ""
    if said["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(said.get("code", 1005))
    try:
        given = json.loads((said.get("text") or "")[:LONGEST_KEY])
    except ValueError:
        return ""
    return str(given.get("key", "")) if isinstance(given, dict) else ""


async def _talk(websocket: WebSocket, house: House, listener: Listener, start: int) -> None:
    """Send until the client leaves or the listener has ended."""
    leaving = asyncio.create_task(_until_left(websocket))
    sending = asyncio.create_task(_send(websocket, house, listener, start))
    done, pending = await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
    for work in pending:
        work.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for work in done:
        if (error := work.exception()) is not None and not isinstance(error, WebSocketDisconnect | TimeoutError):
            raise error
    if leaving not in done:
        why = listener.ended or Ended.SLOW
        await _in_time(websocket.close(CODES[why], WHY[why]))


async def _send(websocket: WebSocket, house: House, listener: Listener, start: int) -> None:
    async with aclosing(house.live.follow(listener, start, KEEP_ALIVE)) as following:
        async for event in following:
            if event is not None:
                async with asyncio.timeout(PATIENCE):
                    await websocket.send_text(shown(event).model_dump_json())


async def _until_left(websocket: WebSocket) -> None:
    """What the client says is not listened to."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        continue


async def _refuse(websocket: WebSocket, problem: Problem) -> None:
    if _is_open(websocket):
        await _in_time(websocket.close(4000 + problem.status, problem.title))
    else:
        await websocket.send_denial_response(problem.response())


async def _in_time(work: Awaitable[None]) -> None:
    """A client that does not read is not waited for."""
    try:
        async with asyncio.timeout(1.0):
            await work
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return


def _is_open(websocket: WebSocket) -> bool:
    return websocket.application_state.name == "CONNECTED"


def _asked(websocket: WebSocket, otherwise: int | None) -> int | None:
    """The event to go on after. Raises Problem 422."""
    given = websocket.headers.get("last-event-id") or websocket.query_params.get("last_event_id", "")
    if not given:
        return otherwise
    if not (given.isascii() and given.isdigit() and int(given) <= LARGEST_ID):
        raise Problem(422, "invalid", "The last event's id is not a number.", field="query.last_event_id", remedy="send the id of an event you saw")
    return int(given)
