"""Autonomous mode: looks after a person's affairs at intervals, acts within policy and budget, and reports only when there was something."""

from orchestrator.autonomous.modes import Interval, Mode, NotForGuests, Requested, configure, run_now, status
from orchestrator.autonomous.runs import Outcome, Result, Run, due, forget, history, open_runs
from orchestrator.autonomous.work import Autonomous

__all__ = [
    "Autonomous",
    "Interval",
    "Mode",
    "NotForGuests",
    "Outcome",
    "Requested",
    "Result",
    "Run",
    "configure",
    "due",
    "forget",
    "history",
    "open_runs",
    "run_now",
    "status",
]
