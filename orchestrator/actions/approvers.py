"""Who decides: a person for themselves; an owner for a guest; after a while, a second approver that the policy names."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from orchestrator.actions.rules import Judge, oneself
from orchestrator.contracts import Person, Role, Task
from orchestrator.tasks.people import chat_of, owners
from storage.models import IdentityRow


def approver(connection: sa.Connection, person: Person, task: Task) -> Judge:
    """Guests' effects are decided by the owner, in the owner's own chat. Raises FatalError where there is nowhere to ask."""
    if person.role is not Role.GUEST:
        return oneself(connection, person, task)
    for owner in owners(connection):
        chat_id = chat_of(connection, owner.id)
        if chat_id is not None:
            return Judge(owner, chat_id)
    return oneself(connection, person, task)


def second_of(name: str) -> Callable[[sa.Connection], str | None]:
    """The person behind channel:id, such as telegram:1002, once they have written to the bot."""
    channel, _, external = name.partition(":")

    def find(connection: sa.Connection) -> str | None:
        if not external:
            return None
        query = sa.select(IdentityRow.person_id).where(IdentityRow.channel == channel, IdentityRow.external_id == external)
        return connection.execute(query).scalar()

    return find
