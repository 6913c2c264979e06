"""The servers of this process, in a thread of their own: their sessions, and what is known of their tools."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib.util
import logging
import threading
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from agents.tools.mcp.address import AddressWire
from agents.tools.mcp.messages import Message, NotSent
from agents.tools.mcp.program import WATCH, ProgramWire
from agents.tools.mcp.session import Session
from agents.tools.mcp.settings import Address, Program, Server
from agents.tools.mcp.shelf import Definition, Shelf
from agents.tools.way_out import WayOut
from orchestrator.contracts import MajordomoError, ToolError

T = TypeVar("T")

FIRST_LOOK_SECONDS = 5.0
"""How long whoever wants the tools waits for servers that were never seen; later ones are known from the file."""
CLEARING_SECONDS = 0.05
"""For pipes of ended programs, which are closed in the loop's next rounds."""

logger = logging.getLogger(__name__)


class McpServers:
    """`shelves` says what is known; `ready` and `call` speak to a server. May be used from any event loop.

    A session is shared by everybody, but where a person's credential opens it: then it is theirs alone.
    """

    def __init__(
        self,
        servers: Iterable[Server],
        folder: Path,
        way_out: WayOut,
        environment: Mapping[str, str],
        *,
        first_look_seconds: float = FIRST_LOOK_SECONDS,
    ) -> None:
        self.servers = tuple(servers)
        self._way_out = way_out
        self._environment = dict(environment)
        self._patience = first_look_seconds
        self._shelves = {server.name: Shelf(server, folder) for server in self.servers}
        self._sessions: dict[tuple[str, str], Session] = {}
        self._opening: dict[tuple[str, str], asyncio.Lock] = {}
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def shelf(self, server: Server) -> Shelf:
        return self._shelves[server.name]

    def secrets(self, server: Server) -> tuple[str, ...]:
        """The values of our environment that no answer may show."""
        place = server.place
        names = place.secrets if isinstance(place, Program) else (place.token,)
        return tuple(value for name in names if (value := self._environment.get(name, "")))

    def look(self) -> None:
        """Learn what tools there are: from the file at once, and from the server in the background.

        Waits, some seconds, only for servers that were never seen. One that is away has no tools, and the log says why.
        """
        if self.servers and importlib.util.find_spec("jsonschema") is None:
            logger.warning("there are no MCP servers", extra={"reason": "the package jsonschema is not installed"})
            return
        unseen: list[Server] = []
        others: list[Server] = []
        for server in self.servers:
            remembered = self.shelf(server).remembered()
            if not (isinstance(server.place, Address) and server.place.credential):
                (others if remembered else unseen).append(server)
        waited = [(server, self._begun(self._looked_at(server))) for server in unseen]
        background = [self._begun(self._looked_at(server)) for server in others]
        for future in (*background, *(future for _, future in waited)):
            future.add_done_callback(_tell)
        late = concurrent.futures.wait([future for _, future in waited], self._patience).not_done
        for server, future in waited:
            if future in late:
                logger.warning("an MCP server has not answered yet: its tools are there at the next start", extra={"server": server.name})

    async def ready(self, server: Server, tool: str, digest: str, person_id: str, headers: Mapping[str, str]) -> Session:
        """A session in which this very definition of the tool is offered. Raises ToolError where it has changed, TransientError."""
        return await self._run(self._ready(server, tool, digest, person_id, headers))

    async def learn(self, server: Server, person_id: str, headers: Mapping[str, str]) -> Mapping[str, Definition]:
        """Ask the server what tools it has, and keep it."""
        return await self._run(self._learnt(server, person_id, headers))

    async def call(self, session: Session, tool: str, arguments: Message) -> Message:
        """See `Session.call`."""
        return await self._run(session.call(tool, arguments))

    async def close(self) -> None:
        """End every session and every program."""
        with self._guard:
            loop, thread, self._loop, self._closed = self._loop, self._thread, None, True
        if loop is None or thread is None:
            return
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._end_all(), loop))
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join, 10)

    async def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._begun(work))

    def _begun(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        with self._guard:
            if self._closed:
                work.close()
                raise ToolError("the house is closing")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_live, args=(self._loop,), name="mcp", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    # --- in the servers' thread ---

    async def _looked_at(self, server: Server) -> None:
        """A look of its own: the program is ended again until somebody needs it."""
        session = Session(self._wire(server, self._token(server)), server.seconds)
        try:
            await session.open()
            try:
                self.shelf(server).learn(await session.tools())
            finally:
                await session.close()
        except (MajordomoError, OSError) as why:
            logger.warning("an MCP server is away", extra={"server": server.name, "reason": str(why)})

    async def _ready(self, server: Server, tool: str, digest: str, person_id: str, headers: Mapping[str, str]) -> Session:
        session = await self._session(server, person_id, headers)
        shelf = self.shelf(server)
        try:
            tools = await session.tools()
        except NotSent:
            session = await self._session(server, person_id, headers)
            tools = await session.tools()
        offered = {one["name"]: shelf.digest(one) for one in tools}
        if offered.get(tool) != digest:
            shelf.learn(tools)
            if tool not in offered:
                raise ToolError(f"the server {server.name} does not offer {tool} any more")
            raise ToolError(
                f"the server {server.name} has changed {tool} since it was looked at; nothing was done. Read its description again before calling it"
            )
        return session

    async def _learnt(self, server: Server, person_id: str, headers: Mapping[str, str]) -> Mapping[str, Definition]:
        session = await self._session(server, person_id, headers)
        self.shelf(server).learn(await session.tools())
        return self.shelf(server).known

    async def _session(self, server: Server, person_id: str, headers: Mapping[str, str]) -> Session:
        whose = (server.name, person_id if headers else "")
        async with self._opening.setdefault(whose, asyncio.Lock()):
            session = self._sessions.get(whose)
            if session is None or not session.alive:
                if session is not None:
                    await session.close()
                session = Session(self._wire(server, headers or self._token(server)), server.seconds)
                await session.open()
                self._sessions[whose] = session
            return session

    def _wire(self, server: Server, headers: Mapping[str, str]) -> AddressWire | ProgramWire:
        place = server.place
        if isinstance(place, Program):
            return ProgramWire(place, self._environment)
        return AddressWire(place.url, self._way_out.allowing(place.url), headers)

    def _token(self, server: Server) -> dict[str, str]:
        if not isinstance(server.place, Address) or not server.place.token:
            return {}
        value = self._environment.get(server.place.token, "")
        return {"Authorization": f"Bearer {value}"} if value else {}

    async def _end_all(self) -> None:
        """Looks and calls that still run are given up first: each ends its server."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        working = [task for task in others if task.get_name() != WATCH]
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        sessions, self._sessions = tuple(self._sessions.values()), {}
        await asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)


def _tell(look: concurrent.futures.Future[None]) -> None:
    """A look that broke is told: nobody waits for it."""
    if not look.cancelled() and (broke := look.exception()) is not None:
        logger.error("the look at an MCP server broke", exc_info=broke)


def _live(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(asyncio.sleep(CLEARING_SECONDS))
    loop.close()
