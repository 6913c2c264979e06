"""Earlier versions kept the terminal's chat beside the page's: what it holds moves over, so that nothing waits where nobody reads."""

from __future__ import annotations

import sqlalchemy as sa

from bot.channels.web import CHAT, NAME
from orchestrator.tasks import outgoing
from storage.models import Base, ChatRow, OutgoingRow
from storage.signals import announce

FORMER = "terminal"


def move_in(connection: sa.Connection) -> bool:
    """Make one chat of the two; whether there was anything to move."""
    here = {row.channel: row.id for row in connection.execute(sa.select(ChatRow.channel, ChatRow.id).where(ChatRow.external_id == CHAT))}
    former, present = here.get(FORMER), here.get(NAME)
    if former is None:
        return False
    # What a message was called in the terminal is the name of another one on the page, which an edit must not change.
    connection.execute(sa.update(OutgoingRow).where(OutgoingRow.chat_id == former).values(platform_id=None))
    if present is None:
        connection.execute(sa.update(ChatRow).where(ChatRow.id == former).values(channel=NAME))
    else:
        for table in Base.metadata.sorted_tables:
            if "chat_id" in table.c:
                connection.execute(sa.update(table).where(table.c.chat_id == former).values(chat_id=present))
        connection.execute(sa.update(ChatRow).where(ChatRow.id == former).values(external_id=f"{CHAT}, moved from {former}"))
    announce(connection, outgoing.TOPIC)
    return True
