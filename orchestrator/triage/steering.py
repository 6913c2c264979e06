"""Moving a person's task on: what stands behind /pause, /resume, /cancel and /retry, and behind the same by HTTP."""

from __future__ import annotations

from orchestrator.contracts import ENDED, LIVE, RUNNING, IllegalTransition, Method, Route, Task, TaskState
from orchestrator.tasks import manager, particulars
from orchestrator.triage import work
from orchestrator.triage.turn import Turn

PAUSE, RESUME, CANCEL, RETRY, EXECUTE = "pause", "resume", "cancel", "retry", "execute"


def possible(task: Task) -> tuple[str, ...]:
    """What may be done to a task in its state. A message is routed once: what came of it are tasks of their own."""
    if task.type == manager.TRIAGE:
        return () if task.state in ENDED else (CANCEL,)
    if task.state is TaskState.FAILED:
        return (RETRY, EXECUTE)
    if task.state is TaskState.PAUSED:
        return (RESUME, CANCEL, EXECUTE)
    if task.state in ENDED:
        return (EXECUTE,)
    return (PAUSE, CANCEL, EXECUTE) if task.state is TaskState.PENDING else (PAUSE, CANCEL)


def cancel(turn: Turn, task: Task) -> Task:
    """Raises IllegalTransition, as all of these do."""
    return manager.cancel(turn.connection, task, turn.now)


def pause(turn: Turn, task: Task) -> Task:
    return manager.pause(turn.connection, task, turn.now)


def resume(turn: Turn, task: Task) -> Task:
    if task.state is not TaskState.PAUSED:
        raise IllegalTransition(f"task #{task.number} is not paused")
    return _restart(turn, manager.resume(turn.connection, task, turn.now))


def retry(turn: Turn, task: Task) -> Task:
    return _restart(turn, manager.retry(turn.connection, task, turn.now))


def execute(turn: Turn, task: Task) -> Task:
    """Have it run now: go on where it was held, try again what failed, and begin anew, as a new task, what has ended."""
    if task.type == manager.TRIAGE:
        raise IllegalTransition("what became of a message are tasks of their own")
    if task.state is TaskState.PAUSED:
        return resume(turn, task)
    if task.state is TaskState.FAILED:
        return retry(turn, task)
    if task.state in ENDED:
        return again(turn, task)
    if task.state in LIVE - RUNNING - {TaskState.PENDING}:
        raise IllegalTransition(f"task #{task.number} waits for an answer")
    if task.state is TaskState.PENDING and manager.is_put_off(turn.connection, task, turn.now):
        return turn.services.runner.wake(turn.connection, task, turn.message_id)
    return task


def again(turn: Turn, task: Task) -> Task:
    """The same request once more."""
    route = Route(task.text, task.type, task.type, task.agent, 1.0, Method.COMMAND, True, task.language, slots=task.slots)
    return work.begin(turn, [route], particulars.kept(turn.connection, task.id))[0]


def _restart(turn: Turn, task: Task) -> Task:
    return turn.services.runner.start(turn.connection, task, turn.person, turn.message_id) if task.state is TaskState.PENDING else task
