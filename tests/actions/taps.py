"""Taps of every kind on asks for approval, beside a model of which of them may count."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from orchestrator.actions import approvals
from orchestrator.actions.approvals import APPROVE, DECIDED, DECLINE, PENDING, Approval
from orchestrator.contracts import LIVE, WAITING, Card, Context, Declined, Done, Outcome, Task, ToolError
from orchestrator.tasks import manager
from orchestrator.triage import decisions, edits, presses
from storage.database import CONFLICTS, Database
from storage.models import ApprovalRow, ButtonRow, TaskRow
from tests.actions.stage import Mail, Stage, World, errand
from tests.people import Somebody, settle

LATER_ALLOWED = 15
"""Minutes after which the second approver may decide, too."""
NO_LIMITS = {
    "limits": {"per_tool_minute": 10**9, "per_host_minute": 10**9},
    "budgets": {"day": 1e12, "month": 1e12},
    "approvals": {"second_after_minutes": LATER_ALLOWED},
}
AT_ONCE = 32
IMPATIENT = "-c deadlock_timeout=10ms"
"""Two buttons of one card pressed at the very same time wait for each other; by default Postgres looks after a second."""


class Who(Enum):
    OWNER = "the one who is asked"
    SECOND = "the second approver"
    STRANGER = "somebody else on the same bot"


class Token(Enum):
    """What is pressed, or decided past all buttons."""

    APPROVE = "the live card's Approve"
    DECLINE = "the live card's Decline"
    OLD_APPROVE = "Approve on a card that was shown before"
    FOREIGN = "the Approve that somebody else was shown for something else"
    FORGED = "made up"
    NEAR = "a real one with one letter changed"
    ROW = "the id of the ask itself"
    DIRECT_APPROVE = "a decision past the buttons"
    DIRECT_DECLINE = "a refusal past the buttons"
    DIRECT_OLD = "a decision past the buttons about an ask that was replaced"


class Move(Enum):
    """What else may happen between taps."""

    RUN = "the queue is worked off"
    MINUTES = "twenty minutes pass"
    DAY = "a day passes, and nobody has swept yet"
    SWEEP = "asks whose time is over are closed"
    EDIT = "the owner edits the plan: another card, another digest"
    SHOW = "the owner has the open asks shown again"
    CORRECT = "the task's epoch is raised"
    CANCEL = "the task is stopped"


@dataclass(frozen=True)
class Tap:
    who: Who
    where: Who
    """Whose chat the press comes from."""
    token: Token


Step = Tap | Move


class Violation(AssertionError):
    """A tap counted that must not, or something ran that nobody allowed."""


@dataclass
class Known:
    """The model of the ask that is open now."""

    ask: Approval
    approve: str
    decline: str
    live: bool = True
    """Whether the card's buttons were not used yet."""
    open: bool = True


@dataclass
class Counted:
    """Notes every decision that counted, once its transaction is committed."""

    decisions: list[str] = field(default_factory=list)
    _mine: threading.local = field(default_factory=threading.local)

    def watch(self, decide: Callable[..., bool]) -> Callable[..., bool]:
        def noted(connection: sa.Connection, approval: Approval, decision: str, presser_id: str, now: Any) -> bool:
            counts = decide(connection, approval, decision, presser_id, now)
            if counts:
                self._mine.made.append(decision)
            return counts

        return noted

    def of(self, work: Callable[[sa.Connection], None]) -> Callable[[sa.Connection], list[str]]:
        """The same work; it gives the decisions that counted in it."""

        def noting(connection: sa.Connection) -> list[str]:
            self._mine.made = []
            work(connection)
            return list(self._mine.made)

        return noting


async def send(task: Task, context: Context) -> Outcome:
    try:
        await context.call("mail.send", key="send", to=["dentist@example.com"], subject="Late", body="I'm late")
    except ToolError as error:
        return Declined(Card(f"Not sent: {error}"), str(error))
    return Done(Card("Sent."))


class Table:
    """Three people on one bot: one is asked, one may decide later, one has nothing to do with it."""

    def __init__(self, database: Database, folder: Path, counted: Counted) -> None:
        self.world, self.counted, self.taps = World(), counted, Counter[str]()
        self.on = Stage(database, folder, agents=[errand(send)], tools=[Mail(self.world)], policy=NO_LIMITS)
        self.people = {
            Who.OWNER: self.on.somebody,
            Who.SECOND: settle(database, role="member", external="second"),
            Who.STRANGER: settle(database, role="member", external="stranger"),
        }
        second = self.people[Who.SECOND].person.id
        self.on.rules = self.on.dispatcher.rules = replace(self.on.rules, second=lambda connection: second)
        self._many = None if database.is_sqlite else sa.create_engine(database.url, pool_size=AT_ONCE, connect_args={"options": IMPATIENT})
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._foreign, self._foreign_until = "", self.on.clock.now()

    def close(self) -> None:
        self._threads.shutdown()
        if self._many is not None:
            self._many.dispose()

    # --- one story ---

    async def play(self, before: Sequence[Step], together: Sequence[Tap], after: Sequence[Step]) -> None:
        """One ask through all this. Raises Violation."""
        if self.on.clock.now() >= self._foreign_until:
            await self._ask_somebody_else()
        self.counted.decisions.clear()
        self.allowed = 0
        self.old: list[Known] = []
        self.task = await self.on.begin()
        self.world.done.clear()
        self.known: Known | None = None
        await self._catch_up()
        for step in before:
            await self._step(step)
        if together:
            await self._together(together)
        for step in (*after, Move.RUN):
            await self._step(step)
        self._check(sum(self.world.done.values()) <= min(1, self.allowed), f"ran {dict(self.world.done)}, allowed {self.allowed} times")

    async def _step(self, step: Step) -> None:
        if isinstance(step, Move):
            await self._move(step)
            return
        legitimate = self._may(step)
        before = len(self.counted.decisions)
        self.counted.decisions += await self.on.database.write(self.counted.of(self._act(step)))
        self._note(step, legitimate, len(self.counted.decisions) - before)

    async def _together(self, taps: Sequence[Tap]) -> None:
        """All at once; of those that may count, one does."""
        may = [self._may(tap) for tap in taps]
        before = len(self.counted.decisions)
        works = [self.counted.of(self._act(tap)) for tap in taps]
        if self._many is None:
            made = await asyncio.gather(*(self.on.database.write(work) for work in works))
        else:
            gate = threading.Barrier(len(works))
            loop = asyncio.get_running_loop()
            made = await asyncio.gather(*(loop.run_in_executor(self._threads, self._at_once, gate, work) for work in works))
        self.counted.decisions += [decision for decisions in made for decision in decisions]
        self.taps.update(tap.token.name for tap in taps)
        fresh = self.counted.decisions[before:]
        self._check(len(fresh) <= 1, f"{len(fresh)} of {len(taps)} simultaneous taps counted")
        self._check(bool(fresh) == any(may), f"{len(fresh)} counted of {sum(may)} that might")
        for decision in fresh:
            self._check(any(ok and _wanted(tap.token) == decision for tap, ok in zip(taps, may, strict=True)), f"nobody who may said {decision}")
            self.allowed += decision == APPROVE
        if self.known is not None:
            self.known.live &= not any(self._spends(tap) for tap in taps)
            self.known.open &= not fresh

    def _at_once(self, gate: threading.Barrier, work: Callable[[sa.Connection], list[str]]) -> list[str]:
        """On a connection of its own, at the same moment as all others; run again after a deadlock, as the house does."""
        assert self._many is not None
        gate.wait()
        for _ in range(10 * AT_ONCE):
            try:
                with self._many.begin() as connection:
                    return work(connection)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in CONFLICTS:
                    raise
        raise Violation("the transactions kept one another from ending")

    # --- the model ---

    def _may(self, tap: Tap) -> bool:
        """Whether this tap may decide the ask."""
        known, now = self.known, self.on.clock.now()
        if known is None or not known.open or now >= known.ask.expires_at:
            return False
        if tap.token in {Token.DIRECT_APPROVE, Token.DIRECT_DECLINE}:
            later = known.ask.second_at is not None and now >= known.ask.second_at
            return tap.who is Who.OWNER or (tap.who is Who.SECOND and later)
        return tap.token in {Token.APPROVE, Token.DECLINE} and known.live and tap.who is tap.where is Who.OWNER

    def _spends(self, tap: Tap) -> bool:
        return tap.token in {Token.APPROVE, Token.DECLINE} and tap.who is tap.where is Who.OWNER

    def _note(self, tap: Tap, legitimate: bool, counted: int) -> None:
        self.taps[tap.token.name] += 1
        self._check(counted == int(legitimate), f"{tap} counted {counted} times, and {'might' if legitimate else 'must not'}")
        if counted:
            self.allowed += _wanted(tap.token) == APPROVE
        if self.known is not None:
            self.known.live &= not self._spends(tap)
            self.known.open &= not counted

    def _check(self, holds: bool, what: str) -> None:
        if not holds:
            raise Violation(what)

    # --- what happens ---

    def _act(self, tap: Tap) -> Callable[[sa.Connection], None]:
        who, where = self.people[tap.who], self.people[tap.where]
        if tap.token in {Token.DIRECT_APPROVE, Token.DIRECT_DECLINE, Token.DIRECT_OLD}:
            return self._directly(tap, who)
        own = tap.token is Token.FOREIGN and tap.who is tap.where is Who.STRANGER
        token = self._token(Token.FORGED if own else tap.token)
        here = Somebody(who.person, where.chat_id)

        def press(connection: sa.Connection) -> None:
            presses.perform(self.on.turn(connection, "button", "", {"token": token, "press_id": "1"}, here))

        return press

    def _directly(self, tap: Tap, who: Somebody) -> Callable[[sa.Connection], None]:
        replaced = (one.ask for one in reversed(self.old) if self.known is None or one.ask.id != self.known.ask.id)
        stale = next(replaced, None)
        ask = stale if tap.token is Token.DIRECT_OLD else (self.known.ask if self.known else stale)
        choice = _wanted(tap.token)

        def decide(connection: sa.Connection) -> None:
            if ask is None or not approvals.decide(connection, ask, choice, who.person.id, self.on.clock.now()):
                return
            task = manager.load(connection, ask.task_id)
            if task is not None and task.state in WAITING:
                self.on.runner.wake(connection, task, None)

        return decide

    def _token(self, token: Token) -> str:
        shown = self.known or (self.old[-1] if self.old else None)
        real = shown.approve if shown else secrets.token_urlsafe(16)
        changed = real[:-2] + ("AA" if real[-2:] != "AA" else "BA")
        return {
            Token.APPROVE: real,
            Token.DECLINE: shown.decline if shown else "",
            Token.OLD_APPROVE: self.old[-1].approve if self.old else secrets.token_urlsafe(16),
            Token.FOREIGN: self._foreign,
            Token.NEAR: changed,
            Token.ROW: shown.ask.id if shown else "",
        }.get(token, secrets.token_urlsafe(16))

    async def _move(self, move: Move) -> None:
        open_now = self.known is not None and self.known.open and self.on.clock.now() < self.known.ask.expires_at
        if move is Move.RUN:
            await self.on.pump()
            await self._catch_up()
        elif move is Move.MINUTES:
            self.on.clock.move(minutes=20)
        elif move is Move.DAY:
            self.on.clock.move(hours=25)
        elif move is Move.SWEEP:
            await self.on.wait(seconds=0)
            await self._catch_up()
        elif move is Move.SHOW and open_now:
            await self.on.database.write(self._show)
            self._replace()
        elif move is Move.EDIT and open_now:
            await self.on.database.write(self._edit)
            self._replace()
        elif move in {Move.CORRECT, Move.CANCEL}:
            await self.on.database.write(self._raise if move is Move.CORRECT else self._cancel)
            await self._catch_up()

    def _show(self, connection: sa.Connection) -> None:
        decisions.show_all(self.on.turn(connection, "text", "", {}, None), "")

    def _edit(self, connection: sa.Connection) -> None:
        """As `edits` does it once the new text is known."""
        assert self.known is not None
        edits._edited(self.on.turn(connection, "text", "", {}, None), self.known.ask, "body", f"I'm {secrets.token_hex(2)} late")

    def _raise(self, connection: sa.Connection) -> None:
        connection.execute(sa.update(TaskRow).where(TaskRow.id == self.task.id).values(epoch=TaskRow.epoch + 1))

    def _cancel(self, connection: sa.Connection) -> None:
        task = manager.load(connection, self.task.id)
        if task is not None and task.state in LIVE:
            manager.cancel(connection, task, self.on.clock.now())

    def _replace(self) -> None:
        """Of many open asks only the first are shown again; the others keep their buttons."""
        before = self.known
        self._look()
        if before is None or self.known is None or self.known.approve != before.approve:
            self.old += [before] if before is not None else []
        else:
            self.known.live, self.known.open = before.live, before.open

    async def _catch_up(self) -> None:
        """Read which ask is open now; one that was replaced or closed counts no more."""
        before = self.known
        self._look()
        if before is not None and (self.known is None or self.known.ask.id != before.ask.id):
            self.old.append(before)
        elif before is not None and self.known is not None:
            self.known.live, self.known.open = before.live, before.open

    def _look(self) -> None:
        def read(connection: sa.Connection) -> Known | None:
            present = sa.select(TaskRow.epoch).where(TaskRow.id == self.task.id).scalar_subquery()
            mine = sa.select(ApprovalRow.id).where(ApprovalRow.task_id == self.task.id, ApprovalRow.state == PENDING, ApprovalRow.epoch == present)
            found = connection.execute(mine.order_by(ApprovalRow.id.desc())).scalars().first()
            if found is None:
                return None
            ask = approvals.get(connection, found)
            return Known(ask, self._button(connection, ask, APPROVE), self._button(connection, ask, DECLINE))

        self.known = self.on.database.read_now(read)

    def _button(self, connection: sa.Connection, ask: Approval, choice: str) -> str:
        rows = connection.execute(sa.select(ButtonRow.token, ButtonRow.action).where(ButtonRow.outgoing_id == ask.outgoing_id)).all()
        return str(next(row.token for row in rows if row.action["value"] == choice))

    async def _ask_somebody_else(self) -> None:
        """An ask of the stranger's own, open all the while: only they may decide it, and they never do."""
        stranger = self.people[Who.STRANGER]
        mine, self.on.somebody = self.on.somebody, stranger
        await self.on.begin()
        self.on.somebody = mine
        newest = sa.select(ButtonRow.token).where(ButtonRow.person_id == stranger.person.id, ButtonRow.label == "Approve").order_by(ButtonRow.created_at.desc())
        self._foreign = str(self.on.database.read_now(lambda connection: connection.execute(newest).scalars().first()))
        self._foreign_until = self.on.clock.now() + timedelta(hours=20)


def _wanted(token: Token) -> str:
    return DECLINE if token in {Token.DECLINE, Token.DIRECT_DECLINE} else APPROVE


def lenient(*, state: bool = True, presser: bool = True, epoch: bool = True, expiry: bool = True) -> Callable[..., bool]:
    """`approvals.decide` with one of its conditions left out."""

    def decide(connection: sa.Connection, approval: Approval, decision: str, presser_id: str, now: Any) -> bool:
        present = sa.select(TaskRow.epoch).where(TaskRow.id == ApprovalRow.task_id).scalar_subquery()
        asked = [ApprovalRow.id == approval.id, ApprovalRow.digest == approval.digest]
        asked += [ApprovalRow.state == PENDING] if state else []
        asked += [approvals._may_press(presser_id, now)] if presser else []
        asked += [ApprovalRow.epoch == present] if epoch else []
        asked += [ApprovalRow.expires_at > now] if expiry else []
        values = {"state": DECIDED, "decision": decision, "decided_by": presser_id, "decided_at": now}
        return connection.execute(sa.update(ApprovalRow).where(*asked).values(**values)).rowcount == 1

    return decide
