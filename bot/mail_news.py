"""What became of mail that left: news by webhook or out of the house's inbox go into the mail log, and who sent a letter that came back is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from agents.tools.email.delivery import Delivery, in_order, look_for_news
from agents.tools.email.log import MailStatus, update
from agents.tools.email.mailbox import MailboxServer
from orchestrator.actions.asking import visible
from orchestrator.contracts import Clock, MajordomoError, Words
from orchestrator.tasks import manager, notifications, outgoing
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.people import chat_of, person_of
from storage.database import Database
from storage.models import MailRow

EVERY = 600.0
"""Seconds between looks into the inbox."""
BACK = timedelta(days=3)
"""How old a notice may be that is still looked for."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailNews:
    """Takes news of letters; what is no news changes nothing and is told to nobody."""

    database: Database
    clock: Clock
    words: Words

    async def take(self, news: tuple[Delivery, ...]) -> int:
        """Returns how many were news. A letter that came back is noted and told in one: what stands in the log is told to nobody again."""
        noted = 0
        for one in in_order(news):
            noted += await self.database.write(lambda connection, one=one: self._note(connection, one), key=one.message_id)  # type: ignore[misc]
        return noted

    def _note(self, connection: sa.Connection, news: Delivery) -> bool:
        is_news = update(connection, news.message_id, news.status, news.answer, self.clock.now())
        if is_news and news.status is MailStatus.BOUNCED:
            self._tell(connection, news)
        return is_news

    def _tell(self, connection: sa.Connection, news: Delivery) -> None:
        """A letter that came back is told to whoever had it sent, in the chat of its task."""
        row = connection.execute(sa.select(MailRow.person_id, MailRow.task_id, MailRow.subject).where(MailRow.message_id == news.message_id)).first()
        if row is None:
            return
        person, task = person_of(connection, row.person_id), manager.load(connection, row.task_id)
        chat_id = (task.chat_id if task is not None else None) or chat_of(connection, person.id)
        if chat_id is None:
            return
        given = {"recipient": visible(news.recipient) or "-", "subject": visible(row.subject), "reason": visible(news.reason) or "-"}
        text = self.words(person.language, "mail-came-back", given)
        task_id = task.id if task is not None else None
        notice = Notice(notifications.FAILED, row.subject or news.recipient, text, task_id, outcome="failure")
        notifications.notify(connection, outgoing.Envelope(chat_id, person.id, self.clock.now(), task_id), notice, self.words, person.language)


@dataclass(slots=True)
class ReturnedMail:
    """Looks for notices in the house's inbox every ten minutes, in the process that holds the sweeper's duty."""

    server: MailboxServer
    news: MailNews
    is_leader: Callable[[], bool] = lambda: True
    seen: set[str] = field(default_factory=set)

    async def run(self) -> None:
        while True:
            if self.is_leader():
                await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """One look; an inbox that cannot be reached is looked into again later. Returns how many were news."""
        try:
            found = await look_for_news(self.server, self.news.clock.now() - BACK, self.seen)
        except (MajordomoError, OSError) as trouble:
            logger.warning("the inbox could not be looked into for notices", extra={"reason": type(trouble).__name__})
            return 0
        return await self.news.take(found)
