"""Asks whose time has come: reminded of at half time, passed on to a second approver, ended when nobody answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from orchestrator.actions import approvals, asking, budgets, credentials
from orchestrator.actions.approvals import Approval
from orchestrator.contracts import Card
from orchestrator.execution import left_in_doubt
from orchestrator.execution.runner import Runner
from orchestrator.tasks import manager, notifications, outgoing
from orchestrator.tasks.notifications import Notice
from orchestrator.tasks.people import chat_of, person_of


@dataclass(frozen=True, slots=True)
class DueAsks:
    """Called by the sweep; every act is a compare-and-set, so that two sweeps at once do no harm."""

    runner: Runner

    def sweep(self, connection: sa.Connection) -> int:
        """Returns how many asks were touched."""
        now = self.runner.around.clock.now()
        expired = approvals.expire(connection, now)
        for approval in expired:
            self._ran_out(connection, approval, now)
        reminded = approvals.to_remind(connection, now)
        for approval in reminded:
            self._remind(connection, approval, now)
        passed_on = [approval for approval in approvals.for_second(connection, now) if self._pass_on(connection, approval, now)]
        for request in credentials.expire(connection, now):
            self._never_given(connection, request, now)
        left_in_doubt.sweep(connection, self.runner.around)
        budgets.release_ended(connection, now)
        return len(expired) + len(reminded) + len(passed_on)

    def _remind(self, connection: sa.Connection, approval: Approval, now: datetime) -> None:
        reader, words = person_of(connection, approval.approver_id), self.runner.around.words
        asking.show(connection, approval, reader, words, now, lead=words(reader.language, "ask-reminder", {}))

    def _pass_on(self, connection: sa.Connection, approval: Approval, now: datetime) -> bool:
        chat_id = chat_of(connection, str(approval.second_id))
        if chat_id is None:
            return False
        second = person_of(connection, str(approval.second_id))
        return asking.pass_on(connection, approval, second, self.runner.around.words, now, chat_id)

    def _never_given(self, connection: sa.Connection, request: credentials.Request, now: datetime) -> None:
        task, person = manager.load(connection, request.task_id), person_of(connection, request.person_id)
        if task is None:
            return
        words, envelope = self.runner.around.words, outgoing.Envelope(request.chat_id, person.id, now, task.id)
        if request.outgoing_id is not None:
            outgoing.revise(connection, envelope, request.outgoing_id, Card(f"**{request.service}**\n{words(person.language, 'credential-expired', {})}"))
        if not credentials.asks_again(connection, request):
            text = words(person.language, "credential-ran-out", {"service": request.service, "number": task.number})
            notice = Notice(notifications.FAILED, request.service, text, task.id, outcome="failure")
            notifications.notify(connection, envelope, notice, words, person.language)
        self.runner.go_on(connection, task.id)

    def _ran_out(self, connection: sa.Connection, approval: Approval, now: datetime) -> None:
        """Say that it was not done, and let the task meet the refusal."""
        words, reader = self.runner.around.words, person_of(connection, approval.approver_id)
        envelope = outgoing.Envelope(approval.chat_id, reader.id, now, approval.task_id)
        if approval.outgoing_id is not None:
            closed = asking.closed_card(approval, words(reader.language, "ask-expired", {}))
            outgoing.revise(connection, envelope, approval.outgoing_id, closed)
        summary = asking.visible(approval.shown.summary)
        notice = Notice(notifications.APPROVAL, summary[:300], words(reader.language, "ask-ran-out", {"summary": summary}), outcome="failure")
        notifications.notify(connection, envelope, notice, words, reader.language)
        self.runner.go_on(connection, approval.task_id)
