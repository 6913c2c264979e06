"""Appointments in our own calendar: book, move, cancel, list, free times. Closed or taken times lead to others nearby."""

from __future__ import annotations

from typing import Any

from orchestrator.contracts import AnswerKind, Attachment, Card, Context, Declined, Done, Lane, Option, Outcome, Task, ToolError

EXACT = "minute"
MOST_TRIES = 4


class Appointments:
    """Books with the business, or moves and cancels what a person has booked."""

    name = "appointments"
    task_types = frozenset({"appointment_booking", "appointment_reschedule", "appointment_cancel", "appointment_list", "appointment_availability"})
    lane = Lane.INSTANT

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        match task.type:
            case "appointment_booking" | "appointment_availability":
                return await self._book(task, context)
            case "appointment_reschedule":
                return await self._move(task, context)
            case "appointment_cancel":
                return await self._cancel(task, context)
        return await self._list(task, context)

    # --- booking ---

    async def _book(self, task: Task, context: Context) -> Outcome:
        facts = await context.call("business.facts", key="facts")
        if not facts["services"]:
            return Declined(Card(context.words("appointment-no-services")))
        understood = await context.call("calendar.understand", key="understood", text=task.text)
        if understood["stranger"]:
            await context.say(context.words("appointment-stranger", name=understood["stranger"], staff=", ".join(facts["staff"])), key="stranger")
        service = understood["service"] or await self._service(context, facts)
        when: dict[str, Any] = task.slots.get("when") or {}
        if when.get("unread"):
            when = await self._ask_when(context, "when", context.words("reminder-unread", words=", ".join(when["unread"])))
        if task.type == "appointment_booking" and not when.get("start"):
            when = await self._ask_when(context, "when", context.words("appointment-ask-when", service=self._called(facts, service)))
        return await self._settle(task, context, facts, service, understood["staff"], when)

    async def _service(self, context: Context, facts: dict[str, Any]) -> str:
        if len(facts["services"]) == 1:
            return str(facts["services"][0]["id"])
        options = [Option(service["name"], service["id"]) for service in facts["services"]]
        return str(await context.choose("service", context.words("appointment-which-service"), options))

    def _called(self, facts: dict[str, Any], service: str) -> str:
        return next((str(s["name"]) for s in facts["services"] if s["id"] == service), service)

    async def _ask_when(self, context: Context, key: str, prompt: str) -> dict[str, Any]:
        answer: dict[str, Any] = await context.ask(key, prompt, AnswerKind.WHEN)
        return answer

    async def _settle(self, task: Task, context: Context, facts: dict[str, Any], service: str, staff: str | None, when: dict[str, Any]) -> Outcome:
        """Book the exact time if it is free; else offer free ones, until one is booked."""
        reason = ""
        if task.type == "appointment_booking" and when.get("has_clock") and when.get("precision") == EXACT:
            free = await context.call("calendar.free", key="exact", service=service, staff=staff, start=when["start"], end=when["start"])
            match = [slot for slot in free if slot["start"] == when["start"]]
            try:
                event = await context.call(
                    "calendar.book", key="book", service=service, staff=match[0]["staff"] if match else staff or self._first(facts), start=when["start"]
                )
                return self._booked(context, event)
            except ToolError as error:
                reason = str(error)
        for attempt in range(MOST_TRIES):
            with context.scope(attempt):
                slot = await self._choose(context, service, staff, when, reason)
                if slot is None:
                    return Declined(Card(context.words("appointment-none-free")))
                try:
                    event = await context.call("calendar.book", key="book", service=service, staff=slot["staff"], start=slot["start"])
                    return self._booked(context, event)
                except ToolError as error:
                    reason = str(error)
        return Declined(Card(context.words("appointment-none-free")))

    def _first(self, facts: dict[str, Any]) -> str:
        return str(facts["staff"][0]) if facts["staff"] else str(facts["name"])

    async def _choose(self, context: Context, service: str, staff: str | None, when: dict[str, Any], reason: str) -> dict[str, Any] | None:
        """Free times on the wished day first, else the nearest after it."""
        start, end = when.get("start"), None if when.get("has_clock") else when.get("end")
        free = await context.call("calendar.free", key="free", service=service, staff=staff, start=start, end=end)
        if not free and end is not None:
            reason = reason or "closed"
            free = await context.call("calendar.free", key="free-later", service=service, staff=staff, start=start, end=None)
        if not free:
            free = await context.call("calendar.free", key="free-any", service=service, staff=None, start=None, end=None)
        if not free:
            return None
        key = {"taken": "appointment-taken", "closed": "appointment-closed", "past": "appointment-past"}.get(reason, "appointment-choose")
        chosen = await context.choose("slot", context.words(key), [Option(slot["label"], slot) for slot in free])
        found: dict[str, Any] = chosen
        return found

    def _booked(self, context: Context, event: dict[str, Any], key: str = "appointment-booked") -> Done:
        text = context.words(key, title=event["title"], staff=event["staff"], when=event["when"])
        file = Attachment("appointment.ics", "text/calendar", event["ics"])
        return Done(Card(text, files=(file,)), {name: value for name, value in event.items() if name != "ics"})

    # --- changing ---

    async def _move(self, task: Task, context: Context) -> Outcome:
        event = await self._which(task, context, "appointment-which-move")
        if event is None:
            return Done(Card(context.words("appointment-list-none")))
        when: dict[str, Any] = task.slots.get("when") or {}
        if not when.get("start") or when.get("unread"):
            when = await self._ask_when(context, "when", context.words("appointment-ask-new-time", title=event["title"], when=event["when"]))
        start, reason = when["start"], ""
        if not when.get("has_clock"):
            start = str(when["start"])[:11] + str(event["start"])[11:]
        for attempt in range(MOST_TRIES):
            with context.scope(attempt):
                try:
                    moved = await context.call("calendar.move", key="move", event_id=event["event_id"], start=start)
                    return self._booked(context, moved, "appointment-moved")
                except ToolError as error:
                    reason = str(error)
                if reason not in {"taken", "closed", "past"}:
                    return Done(Card(context.words("appointment-list-none")))
                slot = await self._choose(context, event["service"], event["staff"], {"start": start, "has_clock": True}, reason)
                if slot is None:
                    return Declined(Card(context.words("appointment-none-free")))
                start = slot["start"]
        return Declined(Card(context.words("appointment-none-free")))

    async def _cancel(self, task: Task, context: Context) -> Outcome:
        event = await self._which(task, context, "appointment-which-cancel")
        if event is None:
            return Done(Card(context.words("appointment-list-none")))
        try:
            gone = await context.call("calendar.cancel", key="cancel", event_id=event["event_id"])
        except ToolError:
            return Done(Card(context.words("appointment-list-none")))
        return Done(Card(context.words("appointment-cancelled", title=gone["title"], when=gone["when"])), gone)

    async def _which(self, task: Task, context: Context, prompt: str) -> dict[str, Any] | None:
        """The appointment that is meant: the one just spoken of, the only one, else asked for."""
        found: list[dict[str, Any]] = await context.call("calendar.list", key="mine")
        said = task.slots.get("subject") or {}
        for event in found:
            if event["event_id"] == said.get("event_id"):
                return event
        understood = await context.call("calendar.understand", key="understood", text=task.text)
        named = [event for event in found if understood["service"] in {None, event["service"]}] or found
        if len(named) <= 1:
            return named[0] if named else None
        options = [Option(f"{event['title']}, {event['short']}", event["event_id"]) for event in named[:8]]
        chosen = await context.choose("which", context.words(prompt), options)
        return next((event for event in found if event["event_id"] == chosen), None)

    async def _list(self, task: Task, context: Context) -> Outcome:
        when: dict[str, Any] = task.slots.get("when") or {}
        events = await context.call("calendar.list", key="events", start=when.get("start"), end=when.get("end"))
        reminders = await context.call("reminders.list", key="reminders")
        if not events and not reminders:
            return Done(Card(context.words("appointment-list-none")))
        lines = [context.words("appointment-list", count=len(events)), *(f"- {e['when']}: {e['title']} ({e['staff']})" for e in events)] if events else []
        if reminders:
            lines += [context.words("appointment-list-reminders"), *(f"- {r['when']}: {r['title']}" for r in reminders)]
        return Done(Card("\n".join(lines)))
