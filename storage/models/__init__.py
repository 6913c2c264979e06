"""Every table, one file a family."""

from storage.models.actions import ApprovalRow, CounterRow, CredentialRequestRow, EffectRow, PermissionRow, PermissionUseRow, SpendRow
from storage.models.api import ApiKeyRow, IdempotencyRow
from storage.models.audit import AuditHeadRow, AuditRow
from storage.models.autonomous import AutonomousMatterRow, AutonomousRow, AutonomousRunRow
from storage.models.base import Base, new_id
from storage.models.health import HealthRow
from storage.models.house import ExampleRow, LeaseRow, SettingRow, WorkerRow
from storage.models.mail import MailRow
from storage.models.messages import ButtonRow, EventRow, MessageRow, OutgoingRow
from storage.models.notices import NoticeChoiceRow, NoticeDeliveryRow, NoticePlaceRow, NoticeSettingsRow
from storage.models.people import ChatRow, IdentityRow, PairingRow, PersonRow
from storage.models.planning import CalendarEventRow, CalendarSlotRow, NotificationRow, OccurrenceRow, ScheduleRow
from storage.models.tasks import AgentLogRow, QuestionRow, RouteRow, StepRow, TaskRow
from storage.models.vault import CredentialRow, CredentialUseRow, DataKeyRow, KeyStateRow
from storage.models.whatsapp import WhatsAppContactRow, WhatsAppDeliveryRow, WhatsAppMediaRow

__all__ = [
    "AgentLogRow",
    "ApiKeyRow",
    "ApprovalRow",
    "AuditHeadRow",
    "AuditRow",
    "AutonomousMatterRow",
    "AutonomousRow",
    "AutonomousRunRow",
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
    "HealthRow",
    "IdempotencyRow",
    "IdentityRow",
    "KeyStateRow",
    "LeaseRow",
    "MailRow",
    "MessageRow",
    "NoticeChoiceRow",
    "NoticeDeliveryRow",
    "NoticePlaceRow",
    "NoticeSettingsRow",
    "NotificationRow",
    "OccurrenceRow",
    "OutgoingRow",
    "PairingRow",
    "PermissionRow",
    "PermissionUseRow",
    "PersonRow",
    "QuestionRow",
    "RouteRow",
    "ScheduleRow",
    "SettingRow",
    "SpendRow",
    "StepRow",
    "TaskRow",
    "WhatsAppContactRow",
    "WhatsAppDeliveryRow",
    "WhatsAppMediaRow",
    "WorkerRow",
    "new_id",
]
