"""Every table, one file a family."""

from storage.models.actions import ApprovalRow, CounterRow, CredentialRequestRow, EffectRow, PermissionRow, SpendRow
from storage.models.audit import AuditHeadRow, AuditRow
from storage.models.base import Base, new_id
from storage.models.house import ExampleRow, LeaseRow, SettingRow, WorkerRow
from storage.models.mail import MailRow
from storage.models.messages import ButtonRow, EventRow, MessageRow, OutgoingRow
from storage.models.people import ChatRow, IdentityRow, PairingRow, PersonRow
from storage.models.planning import CalendarEventRow, CalendarSlotRow, NotificationRow, OccurrenceRow, ScheduleRow
from storage.models.tasks import AgentLogRow, QuestionRow, RouteRow, StepRow, TaskRow
from storage.models.vault import CredentialRow, CredentialUseRow, DataKeyRow, KeyStateRow

__all__ = [
    "AgentLogRow",
    "ApprovalRow",
    "AuditHeadRow",
    "AuditRow",
    "Base",
    "ButtonRow",
    "CalendarEventRow",
    "CalendarSlotRow",
    "ChatRow",
    "CounterRow",
    "CredentialRequestRow",
    "CredentialRow",
    "CredentialUseRow",
    "DataKeyRow",
    "EffectRow",
    "EventRow",
    "ExampleRow",
    "IdentityRow",
    "KeyStateRow",
    "LeaseRow",
    "MailRow",
    "MessageRow",
    "NotificationRow",
    "OccurrenceRow",
    "OutgoingRow",
    "PairingRow",
    "PermissionRow",
    "PersonRow",
    "QuestionRow",
    "RouteRow",
    "ScheduleRow",
    "SettingRow",
    "SpendRow",
    "StepRow",
    "TaskRow",
    "WorkerRow",
    "new_id",
]
