"""The e-mail specialist without a model: it takes what was said, asks for the rest, and calls `email.send` once."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from agents.email import Email, Wish, proposed_subject, read
from orchestrator.contracts import AnswerKind, Card, Context, Declined, Done, Json, Option, Outcome, Person, Priority, Role, Task, TaskState, ToolError
from orchestrator.plans import Carried, Finding, Plan
from orchestrator.words import LANGUAGES, Catalogues
from tests.conftest import NOW

DENTIST = "dentist@example.com"


@dataclass
class Scripted:
    """A context that answers from a script and keeps a journal of its calls. `think` is None where no model is configured."""

    answers: dict[str, str] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    draft: str | None = None
    language: str = "en"
    role: Role = Role.OWNER
    asked: list[tuple[str, Card]] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, Json]]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return Person("p", self.role, "", self.language, "Europe/Berlin", "Europe/Berlin")

    @person.setter
    def person(self, value: Person) -> None:
        raise AssertionError

    def words(self, message: str, /, **arguments: Any) -> str:
        return Catalogues(strict=True)(self.language, message, arguments)

    async def now(self, key: str = "now") -> datetime:
        return NOW

    async def random(self, key: str) -> float:
        return 0.5

    async def say(self, card: Card | str, *, key: str) -> None:
        return None

    async def progress(self, label: str, percent: int) -> None:
        return None

    async def ask(self, key: str, prompt: Card | str, kind: AnswerKind = AnswerKind.TEXT) -> Json:
        self.asked.append((key, prompt if isinstance(prompt, Card) else Card(prompt)))
        return self.answers[key]

    async def choose(self, key: str, prompt: Card | str, options: Sequence[Option]) -> Json:
        raise AssertionError(key)

    async def call(self, tool: str, /, *, key: str, **arguments: Json) -> Json:
        self.calls.append((tool, key, arguments))
        result = self.results.get(tool, {})
        if isinstance(result, Exception):
            raise result
        return result

    async def think(self, key: str, prompt: str) -> str:
        self.prompts.append(prompt)
        if self.draft is None:
            raise ToolError("no language model is configured")
        return self.draft

    async def credential(
        self, key: str, *, service: str, url: str, tools: Sequence[str], kind: str = "other", fields: Sequence[str] = ("username", "password"), reason: str = ""
    ) -> str:
        raise AssertionError(key)

    async def pursue(self, key: str, goal: str, *, own: Sequence[str] = ()) -> Finding:
        raise AssertionError(key)

    async def carry_out(self, key: str, plan: Plan) -> Carried:
        raise AssertionError(key)

    async def subtask(self, key: str, task_type: str, **slots: Json) -> Json:
        raise AssertionError(key)

    def scope(self, name: object) -> AbstractContextManager[None]:
        return nullcontext()

    async def all(self, *waits: Awaitable[Any]) -> list[Any]:
        return [await wait for wait in waits]


async def run(text: str, context: Scripted) -> Outcome:
    task = Task("t", 1, "email_send", "email", TaskState.IN_PROGRESS, "", text, {}, "p", "c", context.language, Priority.NORMAL)
    agent = Email()
    assert agent.can_handle(task)
    given: Context = context
    return await agent.process(task, given)


@pytest.mark.parametrize(
    ("message", "wish"),
    [
        ("email dentist@example.com that I'm late", Wish((DENTIST,), text="I'm late")),
        ("email dentist@example.com: I'm late", Wish((DENTIST,), text="I'm late")),
        ("Email dentist@example.com I'm late, sorry!", Wish((DENTIST,), text="I'm late, sorry!")),
        ("email dentist@example.com saying that the train is late", Wish((DENTIST,), text="The train is late")),
        ("email dentist@example.com that I need: a date, a time", Wish((DENTIST,), text="I need: a date, a time")),
        ("email dentist@example.com with subject Re: your offer: I think that it is good", Wish((DENTIST,), subject="Re: your offer", text="I think that it is good")),
        ("please send an email to dentist@example.com", Wish((DENTIST,))),
        ("send a mail to dentist@example.com about the appointment on Friday", Wish((DENTIST,), topic="the appointment on Friday")),
        ("write to a.b+c@sub.example.co.uk and d@example.com, cc e@example.com and f@example.com, bcc g@example.com: hello",
         Wish(("a.b+c@sub.example.co.uk", "d@example.com"), ("e@example.com", "f@example.com"), ("g@example.com",), text="hello")),
        ('email dentist@example.com with subject "Running late" saying I will be there at 10:30', Wish((DENTIST,), subject="Running late", text="I will be there at 10:30")),
        ("email dentist@example.com, subject: Late, text: I come at 10:30, not at 10", Wish((DENTIST,), subject="Late", text="I come at 10:30, not at 10")),
        ('email dentist@example.com "I write to x@example.org too"', Wish((DENTIST,), text="I write to x@example.org too")),
        ("email Peter that I'm late", Wish(name="Peter", text="I'm late")),
        ("email my boss that I'm sick", Wish(text="I'm sick")),
        ("maile zahnarzt@example.com, dass ich zu spät komme", Wish(("zahnarzt@example.com",), text="Ich komme zu spät")),
        ("Schreib eine E-Mail an zahnarzt@example.com, dass der Termin nicht passt", Wish(("zahnarzt@example.com",), text="Der Termin nicht passt")),
        ("schick zahnarzt@example.com eine Mail mit Betreff Termin: Ich komme später.", Wish(("zahnarzt@example.com",), subject="Termin", text="Ich komme später.")),
        ("schreib Tom per Mail, dass wir heute später kommen", Wish(name="Tom", text="Wir kommen heute später")),
        ("manda un correo a dentista@example.com diciendo que llego tarde", Wish(("dentista@example.com",), text="Llego tarde")),
        ("escribe un correo a dentista@example.com con asunto Retraso, que llego tarde", Wish(("dentista@example.com",), subject="Retraso", text="Llego tarde")),
        ("manda un correo a dentista@example.com sobre la cita", Wish(("dentista@example.com",), topic="la cita")),
        ("给dentist@example.com发邮件说我迟到了", Wish((DENTIST,), text="我迟到了")),
        ("发邮件告诉dentist@example.com我要迟到", Wish((DENTIST,), text="我要迟到")),
        ("给dentist@example.com发邮件，主题是迟到，内容是我晚到十分钟", Wish((DENTIST,), subject="迟到", text="我晚到十分钟")),
        ("给dentist@example.com写一封关于预约的邮件", Wish((DENTIST,), topic="预约")),
    ],
)  # fmt: skip
def test_what_a_message_says_is_taken(message: str, wish: Wish) -> None:
    assert read(message) == wish


async def test_the_dentist_is_told() -> None:
    context = Scripted({"free-subject": "Running late"})
    outcome = await run("email dentist@example.com that I'm late", context)
    assert context.calls == [("email.send", "send", {"to": [DENTIST], "cc": [], "bcc": [], "subject": "Running late", "body": "I'm late"})]
    ((_, question),) = context.asked
    assert [button.label for row in question.buttons for button in row] == ["I'm late"]
    assert isinstance(outcome, Done) and DENTIST in outcome.card.text and "Running late" in outcome.card.text and "log" in outcome.card.text


@pytest.mark.parametrize(("language", "yes"), [("en", "ok"), ("de", "passt"), ("es", "vale"), ("zh", "好的")])
async def test_what_is_missing_is_asked_for_in_four_languages(language: str, yes: str) -> None:
    context = Scripted({"free-to-1": "hm", "free-to-2": f"it is {DENTIST}", "free-text": "See you\nat ten.", "free-subject": yes}, language=language)
    outcome = await run("email", context)
    assert [key for key, _ in context.asked] == ["free-to-1", "free-to-2", "free-text", "free-subject"]
    assert context.calls[0][2] == {"to": [DENTIST], "cc": [], "bcc": [], "subject": "See you", "body": "See you\nat ten."}
    assert isinstance(outcome, Done)


@pytest.mark.parametrize(
    ("answer", "subject", "text"),
    [
        ("subject Lunch, text: See you at 12", "Lunch", "See you at 12"),
        ("Betreff Essen, Text: Bis um 12", "Essen", "Bis um 12"),
        ("asunto Comida, texto: Nos vemos a las 12", "Comida", "Nos vemos a las 12"),
        ("主题午饭，内容：12点见", "午饭", "12点见"),
    ],
)
async def test_an_answer_may_say_subject_and_text_at_once(answer: str, subject: str, text: str) -> None:
    for asked in ({"free-text": answer}, {"free-to-1": f"ann@example.com, {answer}"}):
        context = Scripted(asked)
        await run("email ann@example.com" if "free-text" in asked else "email", context)
        assert (context.calls[0][2]["to"], context.calls[0][2]["subject"], context.calls[0][2]["body"]) == (["ann@example.com"], subject, text)


async def test_a_text_that_only_speaks_of_a_subject_is_kept_whole() -> None:
    context = Scripted({"free-text": "Subject matter experts are needed", "free-subject": "Help"})
    await run("email ann@example.com", context)
    assert context.calls[0][2]["body"] == "Subject matter experts are needed"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_a_mail_server_nothing_is_asked_first(language: str) -> None:
    context = Scripted(language=language)
    task = Task("t", 1, "email_send", "email", TaskState.IN_PROGRESS, "", f"email {DENTIST}", {}, "p", "c", language, Priority.NORMAL)
    outcome = await Email(sends=False).process(task, context)
    assert isinstance(outcome, Declined) and "SMTP_URL" in outcome.card.text
    assert (context.calls, context.asked) == ([], [])


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "did the mail to the dentist go out?"),
        ("de", "ist die Mail an dentist@example.com raus?"),
        ("es", "¿salió el correo a dentist@example.com?"),
        ("zh", "给dentist@example.com的邮件发出去了吗？"),
    ],
)
async def test_whether_a_letter_left_is_answered_from_the_log(language: str, message: str) -> None:
    mails = [
        {"to": ["bob@example.com"], "subject": "Hours", "status": "sent", "created_at": "2026-11-21T09:00:00+00:00", "sent_at": None},
        {"to": [DENTIST], "subject": "Late", "status": "delivered", "created_at": "2026-11-20T09:00:00+00:00", "sent_at": "2026-11-20T09:00:05+00:00"},
    ]
    context = Scripted(results={"email.sent": mails}, language=language)
    outcome = await run(message, context)
    assert isinstance(outcome, Done) and context.asked == []
    assert DENTIST in outcome.card.text and "bob@" not in outcome.card.text
    assert Catalogues()(language, "mail-status-delivered", {}) in outcome.card.text


async def test_a_name_is_no_address() -> None:
    context = Scripted({"free-to-1": "peter@example.com", "free-subject": "Late"})
    await run("email Peter that I'm late", context)
    assert "Peter" in context.asked[0][1].text
    assert context.calls[0][2]["to"] == ["peter@example.com"]


async def test_without_an_address_nothing_is_sent() -> None:
    context = Scripted({"free-to-1": "dunno", "free-to-2": "the dentist", "free-to-3": "?"})
    assert isinstance(await run("email", context), Declined)
    assert context.calls == []


async def test_guests_are_told_no() -> None:
    context = Scripted(role=Role.GUEST)
    assert isinstance(await run("email dentist@example.com that I'm late", context), Declined)
    assert (context.calls, context.asked) == ([], [])


async def test_what_was_declined_is_said_and_not_tried_again() -> None:
    context = Scripted({"free-subject": "ok"}, {"email.send": ToolError("declined")})
    outcome = await run("email dentist@example.com that I'm late", context)
    assert isinstance(outcome, Declined) and "declined" in outcome.card.text and "not sent" in outcome.card.text
    assert len(context.calls) == 1


async def test_a_model_drafts_only_when_asked() -> None:
    context = Scripted({"free-text": "you write it, thank her", "free-subject": "Thanks"}, draft=" Dear Ann, thank you. ")
    await run("email ann@example.com", context)
    assert context.calls[0][2]["body"] == "Dear Ann, thank you."
    assert "thank her" in context.prompts[0]
    dictated = Scripted({"free-subject": "Late"}, draft="something else")
    await run("email dentist@example.com that I'm late", dictated)
    assert (dictated.calls[0][2]["body"], dictated.prompts) == ("I'm late", [])


async def test_without_a_model_the_text_is_asked_for_again() -> None:
    context = Scripted({"free-text": "draft something", "free-dictation": "Thank you, Ann.", "free-subject": "Thanks"})
    await run("email ann@example.com", context)
    assert context.calls[0][2]["body"] == "Thank you, Ann."


def test_a_long_text_gives_a_short_subject() -> None:
    assert proposed_subject(Wish(), "word " * 40) == "Word word word word word word word word word word word word…"
    assert proposed_subject(Wish(topic="the offer"), "anything") == "The offer"
    assert proposed_subject(Wish(), "") == ""


async def test_strangers_words_in_a_card_are_neither_marks_nor_links() -> None:
    mail = {"from": "eve_x@example.com", "subject": "[press](https://evil.example) *now*", "date": "2026-11-21T09:00:00+00:00"}
    context = Scripted(results={"email.search": {"count": 1, "mails": [mail]}})
    outcome = await run("do I have new emails", context)
    assert isinstance(outcome, Done)
    assert r"eve\_x@example.com: \[press\](https://evil.example) \*now\*" in outcome.card.text
    assert context.calls == [("email.search", "inbox", {"unread": True, "limit": 5})]


@pytest.mark.parametrize(
    ("message", "looks"),
    [
        ("check my inbox", True),
        ("lies meine ungelesenen Mails", True),
        ("¿tengo correos nuevos?", True),
        ("有新邮件吗", True),
        ("answer the last mail in my inbox", False),
    ],
)
async def test_looking_is_not_writing(message: str, looks: bool) -> None:
    context = Scripted({f"free-to-{n}": "-" for n in (1, 2, 3)}, {"email.search": {"count": 0, "mails": []}})
    await run(message, context)
    assert bool(context.calls) is looks


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_mailbox_is_said_honestly(language: str) -> None:
    context = Scripted(results={"email.search": ToolError("no mailbox is set up (IMAP_URL)")}, language=language)
    outcome = await run("收件箱", context)
    assert isinstance(outcome, Declined) and "IMAP" in outcome.card.text
