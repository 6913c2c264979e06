"""What the built-in intents lead to: a specialist, a command said in plain words, or an honest "not yet"."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.contracts import Catalogue

DESK = "desk"
TRIAGE_AGENT = "triage"
NOT_YET = "not_possible_yet"
UNCLEAR = "unclear"
OUT_OF_SCOPE = "oos"
GENERAL = "general"
"""What no specialist serves, where a language model is configured that can try."""

COMMANDS = {
    "tasks_list": "tasks",
    "task_cancel": "cancel",
    "task_pause": "pause",
    "task_resume": "resume",
    "task_status": "where",
    "why": "why",
}
"""Intents that are commands said in plain words."""

SAID_EXACTLY = {"data_export": "export", "forget_me": "forgetme", "undo": "undo"}
"""The same, known by keywords alone: nobody is taken to have asked for this by a guess."""

NOT_SERVED_YET = frozenset(
    {
        "prescription_refill", "lab_results", "file_summary", "email_send", "email_campaign", "web_browse", "research",
        "data_processing", "writing", "study_planning", "doctor_portal", "shopping_list",
    }
)  # fmt: skip

SMALL = frozenset({"greeting", "thanks", "goodbye", "small_talk"})
"""Politeness: dropped when it stands beside a real request."""

REFERRING = {
    "appointment_reschedule": "appointments",
    "appointment_cancel": "appointments",
    "reminder_change": "reminders",
    "reminder_delete": "reminders",
    "reminder_done": "reminders",
    "reminder_snooze": "reminders",
}
"""Intents that speak of something made earlier, and the agent that made it."""

CORRECTED_BY = {
    "appointment_booking": "appointment_reschedule",
    "appointment_reschedule": "appointment_reschedule",
    "reminder_set": "reminder_change",
    "reminder_change": "reminder_change",
}
"""How a finished task is corrected: by new work, never by editing history."""

FOLLOWED_UP = frozenset({"opening_hours", "price_inquiry", "services_list", "appointment_availability", "appointment_list", "business_faq", "reminder_list"})
"""Questions that "and on Saturdays?" may continue."""


@dataclass(frozen=True, slots=True)
class Destination:
    task_type: str
    agent: str


def destination(intent: str, catalogue: Catalogue) -> Destination:
    """Where a request of this intent goes."""
    if intent in COMMANDS or intent in SAID_EXACTLY:
        return Destination(intent, DESK)
    if intent in NOT_SERVED_YET and catalogue.agent_for(intent) is None:
        return Destination(NOT_YET, TRIAGE_AGENT)
    agent = catalogue.agent_for(intent)
    return Destination(intent, agent.name) if agent else Destination(UNCLEAR, TRIAGE_AGENT)
