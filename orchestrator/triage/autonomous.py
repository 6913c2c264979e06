"""/autonomous in the chat: the card of the mode, its buttons, and the same said in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from orchestrator.autonomous import modes, runs
from orchestrator.autonomous.modes import Interval, Mode, NotForGuests
from orchestrator.autonomous.runs import Outcome, Run
from orchestrator.contracts import Button, Card
from orchestrator.triage.turn import Turn, say_button

NAME = r"autonom\w*\s+mod(?:us|e)|autopilot\w*|modo\s+aut[óo]nomo|自主模式|自动模式"
SPOKEN = re.compile(rf"(?:{NAME})", re.I)
LONGEST = 80
"""Characters: what is longer speaks of something else, too."""
WORDS = re.compile(r"\d+|[^\W\d_]+", re.U)
ON = frozenset(
    [
        "on",
        "enable",
        "enabled",
        "activate",
        "start",
        "an",
        "ein",
        "einschalten",
        "anschalten",
        "aktiviere",
        "aktivieren",
        "starte",
        "activa",
        "activar",
        "activado",
        "enciende",
        "encender",
        "开启",
        "打开",
        "启用",
        "开",
    ]
)
OFF = frozenset(
    [
        "off",
        "disable",
        "disabled",
        "deactivate",
        "stop",
        "aus",
        "ausschalten",
        "abschalten",
        "deaktiviere",
        "deaktivieren",
        "stoppe",
        "desactiva",
        "desactivar",
        "apaga",
        "apagar",
        "关闭",
        "关掉",
        "停用",
        "关",
    ]
)
NOW = frozenset(
    ["run", "now", "jetzt", "sofort", "lauf", "laufen", "laufe", "ahora", "ejecuta", "ejecutar", "ya", "mira", "立即", "马上", "现在", "运行", "立即运行"]
)
RUNS = frozenset(["runs", "history", "läufe", "verlauf", "pasadas", "historial", "记录", "最近"])
MINUTE = frozenset(["min", "mins", "minute", "minutes", "m", "minuten", "minuto", "minutos", "分钟", "分"])
HOUR = frozenset(["h", "hr", "hour", "hours", "stunde", "stunden", "std", "hora", "horas", "小时", "个小时"])
DAILY = frozenset(["daily", "day", "days", "täglich", "tag", "tage", "diario", "día", "días", "dia", "dias", "diariamente", "天", "每天"])
FILLING = frozenset(
    [
        "the",
        "my",
        "please",
        "turn",
        "switch",
        "set",
        "to",
        "every",
        "each",
        "is",
        "what",
        "s",
        "status",
        "of",
        "show",
        "me",
        "run",
        "it",
        "once",
        "a",
        "check",
        "mode",
        "and",
        "in",
        "der",
        "den",
        "die",
        "das",
        "mein",
        "meinen",
        "meinem",
        "bitte",
        "schalte",
        "schalten",
        "schalt",
        "stelle",
        "setze",
        "auf",
        "alle",
        "jede",
        "jeden",
        "lass",
        "ist",
        "wie",
        "steht",
        "zeige",
        "zeig",
        "es",
        "um",
        "el",
        "la",
        "mi",
        "por",
        "favor",
        "pon",
        "ponlo",
        "cada",
        "que",
        "qué",
        "está",
        "esta",
        "estado",
        "muéstrame",
        "muestra",
        "del",
        "en",
        "请",
        "把",
        "我的",
        "设为",
        "设置",
        "为",
        "每",
        "每隔",
        "一次",
        "吗",
        "状态",
        "查看",
        "了",
        "成",
        "改",
    ]
)
CHINESE = re.compile(
    "|".join(
        sorted(
            {word for word in ON | OFF | NOW | RUNS | MINUTE | HOUR | DAILY | FILLING if not word.isascii() and len(word) < 6 and ord(word[0]) > 0x2E80},
            key=len,
            reverse=True,
        )
    )
    + r"|\d+"
)
NUMBERS = {
    "one": 1, "three": 3, "six": 6, "twelve": 12, "half": 30, "fifteen": 15, "thirty": 30, "eine": 1, "einer": 1, "drei": 3, "sechs": 6, "zwölf": 12, "una": 1,
    "tres": 3, "seis": 6, "doce": 12, "quince": 15, "treinta": 30,
}  # fmt: skip


def spoken(text: str) -> str | None:
    """The command that a message about autonomous mode stands for; None for every other message."""
    if len(text) > LONGEST or SPOKEN.search(text) is None:
        return None
    words = _words(SPOKEN.sub(" ", text))
    if all(word in FILLING or _means(word) for word in words):
        return f"/autonomous {' '.join(words)}".strip()
    return None


def command(turn: Turn, rest: str) -> None:
    """/autonomous, with on, off, run, runs or an interval behind it."""
    try:
        _obey(turn, rest)
    except NotForGuests:
        turn.reply(turn.words("autonomous-guests"))


def _obey(turn: Turn, rest: str) -> None:
    words = _words(rest)
    interval = _interval(words)
    said = set(words)
    if said & OFF:
        modes.configure(turn.connection, turn.person, turn.now, enabled=False, chat_id=turn.chat.id)
    elif interval is not None:
        modes.configure(turn.connection, turn.person, turn.now, enabled=True, interval=interval, chat_id=turn.chat.id)
    elif said & RUNS:
        _show_runs(turn)
        return
    elif said & NOW:
        _run_now(turn)
        return
    elif said & ON:
        modes.configure(turn.connection, turn.person, turn.now, enabled=True, chat_id=turn.chat.id)
    elif any(word not in FILLING for word in words):
        intervals = ", ".join(choice.value for choice in Interval)
        turn.reply(turn.words("autonomous-not-understood", text=rest[:60], intervals=intervals))
        return
    _show(turn)


def _run_now(turn: Turn) -> None:
    requested = modes.run_now(turn.connection, turn.person, turn.now)
    if requested.run_id is not None:
        turn.reply(turn.words("autonomous-requested"))
    elif requested.running:
        turn.reply(turn.words("autonomous-busy"))
    else:
        turn.reply(turn.words("autonomous-too-soon", seconds=max(1, round(requested.wait.total_seconds()))))


def _show(turn: Turn) -> None:
    mode = modes.status(turn.connection, turn.person)
    state = turn.words("autonomous-on", interval=turn.words(f"autonomous-{mode.interval.value}")) if mode.enabled else turn.words("autonomous-off")
    lines = [f"**{turn.words('autonomous-title', state=state)}**"]
    if mode.running:
        lines.append(turn.words("autonomous-under-way"))
    lines.append(turn.words("autonomous-last", when=_here(turn, mode.last_run)) if mode.last_run else turn.words("autonomous-never"))
    if mode.next_run is not None:
        lines.append(turn.words("autonomous-next", when=_here(turn, mode.next_run)))
    lines += ["", turn.words("autonomous-what")]
    turn.reply(Card("\n".join(lines), _buttons(turn, mode)))


def _buttons(turn: Turn, mode: Mode) -> tuple[tuple[Button, ...], ...]:
    """On or off and run now, the other intervals, the last runs."""
    switch = "off" if mode.enabled else "on"
    first = (say_button(turn.words(f"autonomous-button-{switch}"), f"/autonomous {switch}"), say_button(turn.words("autonomous-button-run"), "/autonomous run"))
    others = [each for each in Interval if not mode.enabled or each is not mode.interval]
    choices = [say_button(turn.words(f"autonomous-{each.value}"), f"/autonomous {each.value}") for each in others]
    rows = tuple(tuple(choices[n : n + 2]) for n in range(0, len(choices), 2))
    return (first, *rows, (say_button(turn.words("autonomous-button-runs"), "/autonomous runs"),))


def _show_runs(turn: Turn) -> None:
    found = runs.history(turn.connection, turn.person.id)
    if not found:
        turn.reply(turn.words("autonomous-never"))
        return
    lines = [turn.words("autonomous-runs-title")]
    for run in found:
        lines.append(turn.words("autonomous-run-line", when=_here(turn, run.due_at), what=_what(turn.words, run)))
        lines += [f"  {deed['said']}" for deed in run.deeds]
    turn.reply("\n".join(lines))


def _what(words: Callable[..., str], run: Run) -> str:
    """How a run ended, in a few words."""
    if run.outcome in (Outcome.MISSED, Outcome.SKIPPED):
        return words(f"autonomous-run-{run.outcome}")
    if not run.result:
        return words("autonomous-run-open")
    undone = sum(not deed["done"] for deed in run.deeds)
    said = words(f"autonomous-run-{run.result}", count=undone or max(1, len(run.deeds)))
    return words("autonomous-run-late", what=said) if run.outcome == Outcome.LATE else said


def _here(turn: Turn, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(turn.person.effective_zone))


def _words(text: str) -> list[str]:
    """The words of a text; Chinese, which has no spaces, by the words that are known here."""
    found: list[str] = []
    for word in WORDS.findall(text.casefold()):
        known = CHINESE.findall(word) if ord(word[0]) > 0x2E80 else []
        found += known if known and "".join(known) == word else [word]
    return found


def _means(word: str) -> bool:
    return word.isdigit() or word in NUMBERS or any(word in kind for kind in (ON, OFF, NOW, RUNS, MINUTE, HOUR, DAILY))


def _interval(words: list[str]) -> Interval | None:
    """The interval named: a number and a unit, "hour" alone, "daily"."""
    number = next((int(word) if word.isdigit() else NUMBERS[word] for word in words if word.isdigit() or word in NUMBERS), None)
    if any(word in MINUTE for word in words):
        minutes = number or 0
    elif any(word in HOUR for word in words):
        minutes = 30 if "half" in words else 60 * (number or 1)
    elif any(word in DAILY for word in words):
        minutes = 24 * 60 * (number or 1)
    else:
        return None
    return modes.BY_MINUTES.get(minutes)
