"""Every table, one file a family."""

from storage.models.actions import ApprovalRow, CounterRow, CredentialRequestRow, EffectRow, PermissionRow, SpendRow
from storage.models.base import Base, new_id
from storage.models.house import ExampleRow, LeaseRow, SettingRow, WorkerRow
from storage.models.messages import ButtonRow, EventRow, MessageRow, OutgoingRow
from storage.models.people import ChatRow, IdentityRow, PairingRow, PersonRow
from storage.models.planning import CalendarEventRow, CalendarSlotRow, NotificationRow, OccurrenceRow, ScheduleRow
from storage.models.tasks import AgentLogRow, QuestionRow, RouteRow, StepRow, TaskRow

__all__ = [
    "AgentLogRow",
    "ApprovalRow",
    "Base",
    "ButtonRow",
    "CalendarEventRow",
    "CalendarSlotRow",
    "ChatRow",
    "CounterRow",
    "CredentialRequestRow",
    "EffectRow",
    "EventRow",
    "ExampleRow",
    "IdentityRow",
    "LeaseRow",
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
