"""Mail: what a message says of recipient, subject and text is taken, the rest is asked for, and one letter is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.contracts import Action, Button, Card, Context, Declined, Done, Lane, Outcome, Role, Task, ToolError

ADDRESS = re.compile(
    r"(?<![a-z0-9À-ɏ!#$%&'*+/=?^_{|}~-])[a-z0-9À-ɏ!#$%&'*+/=?^_{|}~-]{1,64}(?:\.[a-z0-9À-ɏ!#$%&'*+/=?^_{|}~-]{1,64}){0,8}"
    r"@[a-z0-9À-ɏ-]{1,63}(?:\.[a-z0-9À-ɏ-]{1,63}){0,8}\.[a-zÀ-ɏ][a-z0-9À-ɏ-]{1,62}",
    re.I,
)
COPY = re.compile(
    r"(?P<blind>\bbcc|blind copy(?: to)?|blindkopie(?: an)?|copia oculta(?: a)?|密送)\W*$|(?:\bcc|\bcopy(?: to)?|\bkopie(?: an)?|\bcopia(?: a)?|抄送)\W*$", re.I
)
BETWEEN = re.compile(r"^\W*(?:and|und|y|e|or|和|与|跟)?\W*$", re.I)
"""What may stand between two addresses of the same kind."""
QUOTED = r"[\"“„«「『](?P<quoted>[^\"“”„«»「」『』]+)[\"”“»」』]"
SUBJECT = re.compile(
    r"[\s,，]{0,3}(?:\b(?:and |und |y )?(?:with (?:the )?|mit (?:dem )?|con (?:el )?)?(?:subject(?: line)?|betreff|asunto)\b|主题(?:是|为)?)\s*(?:is\b|ist\b|es\b)?\s*[:：]?\s*"
    rf"(?:{QUOTED}|(?P<plain>(?:(?:re|fwd?|aw|wg|rv)\s*:\s*)?[^\n,;，；。:：]+?))"
    r"(?=$|\s*[\n,;，；。:：]|\s+(?:(?:and |und |y )?(?:the |dem |der |el )?(?:text|body|message|inhalt|texto)(?=\s*[:：])|and (?:the )?(?:say|text|body|that)|that|saying|und (?:dem )?text|dass|y (?:el )?texto|diciendo|que)\b|\s*(?:内容|正文|说))",
    re.I,
)
ABOUT = re.compile(
    r"(?:\b(?:about|regarding|concerning|wegen|bezüglich|zum thema|sobre|acerca de)\s+|关于)(?P<topic>[^\n,;，；。.!?]+?)(?:的(?:邮件|信|电子邮件).*)?[.!?。]?\s*$",
    re.I,
)
CLAUSE = re.compile(
    r"[\s,，]{0,3}(?:\b(?:and (?:say|tell (?:him|her|them))(?: that)?|saying(?: that)?|to say(?: that)?|telling (?:him|her|them)(?: that)?|(?:with|and) the (?:text|body)|that"
    r"|und (?:sag|schreib)e?(?: (?:ihm|ihr|ihnen))?,?(?: dass)?|mit dem (?:text|inhalt)|dass"
    r"|y dile(?:s)?(?: que)?|diciendo(?:les?)?(?: que)?|para decir(?:les?)?(?: que)?|con el texto|de que|que)\b"
    r"|(?:并)?(?:说明|说|告诉(?:他们|她们|他|她|对方)|通知(?:他们|他|她|对方)|内容(?:是|为)?|正文(?:是|为)?))\s*[:：，,]?\s*(?P<text>.+)$",
    re.I | re.S,
)
COLON = re.compile(r"[:：](?=\s|[\"“„«「『]|[^\x00-\x7f])\s*(?P<text>\S.*)$", re.S)
SPOKEN = re.compile(
    r"^[\s,，:]*(?P<text>(?:I|I['’]m|I['’]ll|I['’]ve|we|we['’]re|my|our|can (?:we|you)|could you|thank you|thanks|ich|wir|我|我们)(?:\b|(?<=[我们])).+)$", re.S
)
"""What follows an address at once, in the first person: the text itself."""
LABELLED = re.compile(r"^\W*(?:(?:subject(?: line)?|betreff|asunto)\b|主题(?:是|为)?)\s*(?P<colon>[:：])?", re.I)
"""An answer that begins so names the subject too."""
TEXT_LABEL = re.compile(
    r"^[\s,;，；]*(?:(?:and |und |y )?(?:the |der |el )?(?:text|body|message|inhalt|texto|mensaje)|正文|内容)(?:\s*[:：]|(?<=[文容])(?:是|为))\s*", re.I
)
WENT = re.compile(
    r"^\W*(?:did|has|have|was|were|is)\b.{0,20}\b(?:e-?mails?|mails?|letters?)\b.{0,80}\b(?:go(?:ne)? out|go through|sent|leave|left|arrived?|delivered|get (?:sent|there|through))\b"
    r"|^\W*(?:ist|sind|wurden?|kam|ging|kamen|gingen)\b.{0,20}\b(?:e-?mails?|mails?|nachricht)\b.{0,80}\b(?:raus\w*|weg|verschickt|gesendet|abgeschickt|angekommen|an|zugestellt|hinaus)\b"
    r"|^\W*(?:(?:ya )?(?:se )?(?:ha |han )?(?:sali[oó]|salido|envi[oó]|enviado|lleg[oó]|llegado|mand[oó]|mandado|entreg[oó]|entregado))\b.{0,20}\b(?:correos?|e-?mails?|mensaje)\b"
    r"|(?:邮件|信件).{0,24}(?:发出去?了?|发送?了|寄出?了|送到了?|送达了?|收到了?|到了)(?:吗|没有?|没)",
    re.I,
)
"""Asks whether a letter left."""
DASS = re.compile(r"\bdass\s+$", re.I)
PRONOUNS = frozenset({"ich", "du", "er", "sie", "es", "wir", "ihr"})
NAME = re.compile(
    r"\b(?:to|e-?mail|mail|tell|message|an|schreibe?|schicke?|sende?|maile?|sage?|a|para)\s+"
    r"(?P<name>(?:(?:Mrs?|Ms|Dr|Frau|Herrn?|señora?)\.? )?(?!E-?[Mm]ail|Mail|Nachricht|Email)[A-ZÄÖÜÁÉÍÓÚÑ][\w'’-]+)"
)  # fmt: skip
AGREED = re.compile(
    r"^\W*(?:yes|ok(?:ay)?|fine|good|sure|that'?s fine|ja|passt|gut|gerne?|einverstanden|s[ií]|vale|bien|de acuerdo|好的?|可以|行|是的?)\W*$", re.I
)
YOU_WRITE = re.compile(
    r"^\W*(?:please )?(?:(?:you )?(?:write|draft|compose)\b|(?:schreib|formulier|verfass)\w*\b|(?:redacta|escribe|escr[ií]belo)\b|你(?:来)?写|帮我写|你拟)",
    re.I,
)
INBOX = re.compile(
    r"\b(?:inbox|unread|new e?-?mails?|posteingang|postfach|ungelesene?n?|neue (?:e-?)?mails?|bandeja|buz[oó]n|sin leer|correos? nuevos?)\b|收件箱|未读|新邮件",
    re.I,
)
ANSWERING = re.compile(
    r"\b(?:answer|reply|forward|send|beantwort\w*|antwort\w*|leite|schick\w*|responde\w*|contesta\w*|reenv[ií]a\w*|manda\w*|env[ií]a\w*)\b|回复|回一下|转发|发送",
    re.I,
)
NOT_NAMING = frozenset(
    ["mail", "email", "com", "org", "net", "the", "and", "was", "did", "has", "sent", "example", "www", "die", "der", "das", "los", "las", "del"]
)
"""Words that say nothing of which letter is meant."""
MARKUP = re.compile(r"([\\`*_\[\]<>#|~!&])")
LONGEST_SUBJECT = 60
TRIES = 3
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a message says of the letter it asks for; empty where it says nothing."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    name: str = ""
    subject: str = ""
    topic: str = ""
    text: str = ""


def read(message: str) -> Wish:
    """Take a message apart; the text that it dictates is kept word for word."""
    subject, rest = _subject(message)
    head, text = _dictated(rest)
    to, cc, bcc = _recipients(head)
    about = ABOUT.search(head)
    named = NAME.search(head) if not to else None
    return Wish(to, cc, bcc, named["name"] if named else "", subject, about["topic"].strip() if about else "", text)


def _subject(message: str) -> tuple[str, str]:
    found = SUBJECT.search(message)
    if found is None:
        return "", message
    return (found["quoted"] or found["plain"]).strip(), f"{message[: found.start()]} {message[found.end() :].lstrip()}"


def _dictated(message: str) -> tuple[str, str]:
    """What stands before the text of the letter, and the text."""
    last = max((found.end() for found in ADDRESS.finditer(message)), default=0)
    begins = _after_first_address(message)
    marked = [found for pattern in (COLON, CLAUSE) if (found := pattern.search(message, begins)) is not None]
    if marked:
        found = min(marked, key=lambda one: one.start())
        return message[: found.start()], _sentence(found["text"], message[found.start() : found.start("text")])
    if last and (spoken := SPOKEN.match(message[last:])) is not None:
        return message[:last], spoken["text"].strip()
    quoted = re.search(QUOTED, message)
    return (message[: quoted.start()], quoted["quoted"].strip()) if quoted else (message, "")


def _after_first_address(message: str) -> int:
    found = ADDRESS.search(message)
    return found.end() if found else 0


def _sentence(text: str, clause: str) -> str:
    """A dictated text as a sentence of its own: without quotes around it; a German clause gets its verb back in second place."""
    text = text.strip()
    if quoted := re.fullmatch(QUOTED, text, re.S):
        return quoted["quoted"].strip()
    if not re.search(r"[^\W\d]", clause):
        return text
    words = text.rstrip(".!").split()
    if DASS.search(f"{clause.rstrip()} ") and len(words) > 2 and words[0].lower() in PRONOUNS and "," not in text:
        return " ".join((words[0].capitalize(), words[-1], *words[1:-1]))
    return text[:1].upper() + text[1:]


def _recipients(head: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Addresses by kind; one that follows another with no more than "and" between is of the same kind."""
    kinds: dict[str, list[str]] = {"to": [], "cc": [], "bcc": []}
    kind, end = "to", 0
    for found in ADDRESS.finditer(head):
        before = head[end : found.start()]
        if (copy := COPY.search(before)) is not None:
            kind = "bcc" if copy["blind"] else "cc"
        elif not (end and BETWEEN.match(before)):
            kind = "to"
        kinds[kind].append(found[0])
        end = found.end()
    return tuple(kinds["to"]), tuple(kinds["cc"]), tuple(kinds["bcc"])


def proposed_subject(wish: Wish, text: str) -> str:
    """A subject out of what was said: the topic, else the first line, cut between words."""
    line = wish.topic or (text.strip().splitlines() or [""])[0].strip().rstrip(".!。！")
    if len(line) <= LONGEST_SUBJECT:
        return line[:1].upper() + line[1:]
    cut = line[:LONGEST_SUBJECT]
    return f"{cut[:1].upper()}{cut[1 : cut.rfind(' ')] if ' ' in cut else cut[1:]}…"


def shown(text: str) -> str:
    """Somebody's words inside a card: no mark of theirs is ours, and no link."""
    return MARKUP.sub(r"\\\1", text)


def read_answer(answer: str) -> Wish:
    """What an answer to "what shall I write?" says: the text, and the subject where the answer begins with it."""
    labelled = LABELLED.match(answer)
    if labelled is not None:
        subject, rest = _subject(answer)
        text = TEXT_LABEL.sub("", rest).strip(" ,;，；\n")
        if subject and text and (labelled["colon"] or TEXT_LABEL.match(rest) or "\n" in answer):
            return Wish(subject=subject, text=text)
    return Wish(text=TEXT_LABEL.sub("", answer).strip())


async def compose(task: Task, context: Context) -> Outcome:
    """Recipient, text, subject, then one call. Approval, delay and undo belong to the house."""
    wish = read(task.text)
    if not wish.to:
        wish = await _ask_recipients(context, wish)
    to = wish.to
    if not to:
        return Declined(Card(context.words("email-no-address")), "no address")
    everyone = shown(", ".join((*to, *wish.cc, *wish.bcc)))
    wish = wish if wish.text else await _ask_text(task, context, everyone, wish)
    text = wish.text
    subject = wish.subject or await _ask_subject(context, proposed_subject(wish, text))
    try:
        await context.call("email.send", key="send", to=list(to), cc=list(wish.cc), bcc=list(wish.bcc), subject=subject, body=text)
    except ToolError as error:
        return Declined(Card(context.words("email-not-sent", recipients=everyone, reason=shown(str(error)))), str(error))
    card = Card(context.words("email-sent", recipients=everyone, subject=shown(subject)))
    return Done(card, {"to": list(to), "cc": list(wish.cc), "bcc": list(wish.bcc), "subject": subject})


async def _ask_recipients(context: Context, wish: Wish) -> Wish:
    """At most three times: an address, or several; with the subject and the text, where the answer says them too."""
    prompt = context.words("email-ask-to-of", name=shown(wish.name)) if wish.name else context.words("email-ask-to")
    for attempt in range(1, TRIES + 1):
        answer = str(await context.ask(f"free-to-{attempt}", prompt))
        if found := tuple(dict.fromkeys(ADDRESS.findall(answer))):
            said = read(answer)
            return replace(wish, to=said.to or found, cc=said.cc, bcc=said.bcc, subject=wish.subject or said.subject, text=wish.text or said.text)
        prompt = context.words("email-ask-to-again")
    return wish


async def _ask_text(task: Task, context: Context, everyone: str, wish: Wish) -> Wish:
    """The person's words as they are; a draft by the model only where they ask for one and there is one."""
    answer = str(await context.ask("free-text", context.words("email-ask-text", recipients=everyone)))
    if not YOU_WRITE.match(answer):
        said = read_answer(answer)
        return replace(wish, subject=wish.subject or said.subject, text=said.text)
    try:
        draft = await context.think("draft", context.words("email-draft-prompt", wish=f"{task.text}\n{answer}"))
    except ToolError:
        said = read_answer(str(await context.ask("free-dictation", context.words("email-ask-text", recipients=everyone))))
        return replace(wish, subject=wish.subject or said.subject, text=said.text)
    return replace(wish, text=draft.strip())


async def _ask_subject(context: Context, proposal: str) -> str:
    button = Button(proposal, Action("say", value=proposal))
    asked = context.words("email-ask-subject", subject=shown(proposal)) if proposal else context.words("email-ask-subject-open")
    answer = str(await context.ask("free-subject", Card(asked, ((button,),) if proposal else ())))
    return proposal if proposal and AGREED.match(answer) else " ".join(answer.split())


async def inbox(task: Task, context: Context) -> Outcome:
    """The unread mails, newest first; nothing is marked as read."""
    try:
        found: Any = await context.call("email.search", key="inbox", unread=True, limit=SHOWN)
    except ToolError as error:
        return Declined(Card(context.words("email-inbox-refused", reason=shown(str(error)))), str(error))
    mails = found["mails"]
    if not mails:
        return Done(Card(context.words("email-inbox-empty")), {"unread": 0})
    zone = ZoneInfo(context.person.effective_zone)
    lines = [context.words("email-inbox-line", sender=shown(mail["from"]), subject=shown(mail["subject"]), when=_moment(mail["date"], zone)) for mail in mails]
    return Done(Card("\n".join([context.words("email-inbox-title", count=found["count"]), *lines])), {"unread": found["count"]})


async def went_out(task: Task, context: Context) -> Outcome:
    """What the log says of the letter that is asked after; where none is meant surely, the latest ones."""
    mails: Any = await context.call("email.sent", key="sent", limit=50)
    if not mails:
        return Done(Card(context.words("email-log-empty")), {"found": 0})
    said = {word.casefold() for word in re.findall(r"[^\W_㐀-鿿]{3,}", task.text)} - NOT_NAMING
    named = [mail for mail in mails if said & {word.casefold() for word in re.findall(r"[^\W_㐀-鿿]{3,}", " ".join([*mail["to"], mail["subject"]]))}]
    zone = ZoneInfo(context.person.effective_zone)
    lines = [
        context.words(
            "email-log-line", recipients=shown(", ".join(mail["to"])), subject=shown(mail["subject"] or "-"),
            when=_moment(mail["sent_at"] or mail["created_at"], zone), status=context.words(f"mail-status-{mail['status']}"),
        )
        for mail in (named or mails)[:SHOWN]
    ]  # fmt: skip
    return Done(Card("\n".join([context.words("email-log-title" if named else "email-log-latest"), *lines])), {"found": len(named)})


def _moment(text: str, zone: ZoneInfo) -> datetime | str:
    """When a mail was written, in the person's zone; a mail need not say."""
    return datetime.fromisoformat(text).astimezone(zone) if text else "-"


class Email:
    """Writes one letter, or tells what is unread."""

    name = "email"
    task_types = frozenset({"email", "email_send"})
    lane = Lane.DURABLE

    def __init__(self, *, sends: bool = True) -> None:
        """`sends` is whether a mail server is set up; without one nothing is asked first."""
        self._sends = sends

    def can_handle(self, task: Task) -> bool:
        return task.type in self.task_types

    async def process(self, task: Task, context: Context) -> Outcome:
        if context.person.role is Role.GUEST:
            return Declined(Card(context.words("email-not-for-guests")), "guests send no mail")
        if INBOX.search(task.text) and not ANSWERING.search(task.text) and not ADDRESS.search(task.text):
            return await inbox(task, context)
        if WENT.search(task.text):
            return await went_out(task, context)
        if not self._sends:
            return Declined(Card(context.words("email-not-set-up")), "no mail server is set up")
        return await compose(task, context)
