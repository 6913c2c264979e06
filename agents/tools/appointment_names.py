"""Which appointment a text means: by what it is called, with whom, its day or its time; and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agents.tools.naming import WORD, Meant, alike, meaning
from orchestrator import times
from orchestrator.triage.requests import INSTEAD, TOWARDS

CLAUSE = re.compile(
    r"\s*(?:[;!?:,。；！？，]|(?<!\d)\.(?=\s|$)|\s[-–—]\s)|\s*\b(?:because|since|as|if|so|but|und|weil|da|denn|falls|wenn|aber|porque|pues|ya que|si|pero)\b|因为|如果|但是|所以",
    re.I,
)
"""Behind these stands why, or something else; which appointment is meant stands before them or alone."""
CHANGING = re.compile(
    r"\b(?:cancel\w*|call\w* off|mov(?:e|ed|ing)|reschedul\w*|shift\w*|postpon\w*|push\w*|chang\w*|delet\w*|remov\w*|drop|scrap|swap|switch|delay|bring"
    r"|stornier\w*|\w*absag\w*|sag\w*|abgesagt|lösch\w*|streich\w*|verschieb\w*|verschob\w*|verleg\w*|leg\w*|änder\w*|umbuch\w*|schieb\w*|tausch\w*|zieh\w*"
    r"|cancel\w*|anul\w*|borr\w*|elimin\w*|quit\w*|cambi\w*|mov\w*|muev\w*|muév\w*|pas[ae]\w*|pás\w*|aplaz\w*|retras\w*|adelant\w*|pospon\w*)\b|取消|删|撤|改|换|挪|推|移|调",
    re.I,
)
POINTING = re.compile(
    r"\b(?:it|that|this|them|es|ihn|das|lo|eso|appointment|appt|booking|reservation|termin|buchung|reservierung|cita|reserva|turno)\b|预约|预订|\w+[aeiáéí]r?(?:lo|la)s?\b|它|这个|那个",
    re.I,
)
EMPTY = (
    # English
    "appointment appointments appt appts booking bookings reservation reservations session slot slots event events entry visit meeting calendar schedule scheduled booked book bring forward back "
    "able make made come coming go going attend keep call reschedules rescheduling cancelling canceling cancellation cancels skip possible possibly somehow maybe perhaps way next week month today "
    "tomorrow tonight morning afternoon evening noon monday tuesday wednesday thursday friday saturday sunday different another else any anyway something somewhere someone time times sometime might "
    "thing things won couldn can't don't won't isn't afraid unfortunately urgently asap soon right away please hello hi dear team guys sir madam free up off upcoming see wish wanted trying try think "
    "start starts starting begin begins beginning happen happens place find spot opening option alternative arrive arriving miss missed forgot clash conflict required usual original current existing "
    "whole entire list withdraw came trade exchange than swap same say doesn work works agreed bit amend help lot better best meant wrong suit suits cannot planned prefer th st nd dr mr mrs ms two three four five six "
    "seven eight nine ten eleven twelve pm o'clock oclock people person everything really too just not still both either okay pull pushed shifted rebook rebooking delay bump ahead sick ill busy stuck late running never mind nevermind anymore longer what when how about was supposed until our am theirs day days hr hrs min "
    # German
    "tut leid tun besuch termin termine terminen termins buchung buchungen reservierung reservierungen eintrag treffen sitzung kalender geplant geplanten gebucht gebuchten gebuchte ausgemacht vereinbart vereinbarten "
    "verlegt verschoben verlegung verschiebung umbuchen umlegen umplanen buche buchen vorverlegen vorziehen zieh ziehe schieb schiebe schieben verschiebe rück rücke absage absagt abgesagt streichung "
    "cancel canceln cancele wahrnehmen kommen komme schaffe schaffen schaff gehen geht ginge krank leider klappt klappen anderen anderer anderes andere anders ander möglich vielleicht irgendwie heute "
    "morgen übermorgen montag dienstag mittwoch donnerstag freitag samstag sonntag vormittag nachmittag mittag abend woche monat tag tage dringend gern gerne hallo guten wäre wär würde hätte hätten habe "
    "hatte wurde werden wird kannst würden sein unser unseren euch eurem ihnen ihr ihren ihrem frei dabei verhindert etwas noch drauf draus daraus darauf zurück nehmen nimm sollen müssen muss musste "
    "beginnen beginnt anfangen anfängt losgehen stattfinden ausfallen ausfällt verpasst vergessen aktuellen bestehenden ursprünglichen ganzen nichts fällt fallen kann kannst bin brauchen brauche liste meines alle alles zurücktreten dazwischen dazwischengekommen gekommen kam kommt platz vergeben terminabsage morgigen heutigen sagen passt passen "
    "statt anstatt hinten vorne man unsere unseren unserer tausch tausche tauschen verspäte danach legen früherer späterer als besser gegen aufschieben selben gleichen datum lass lassen rücken sehr helfen nein "
    "falscher meinte pünktlich geplant zwei drei vier fünf sechs sieben acht neun zehn elf zwölf personen person wirklich ganz gar sich freitags dann "
    "wann wie was wo dürfte darf könnt könnten einfach gleich sofort bald kurz "
    # Spanish
    "visita visitas doctora cita citas reserva reservas reservación turno turnos evento compromiso sesión agenda calendario anulación cancelación cancelo cancelé cancélame cancélala cancélalo cancélela anúlala anúlalo anulo cambio "
    "cambiarla cambiarlo cambiarme cámbiala cámbialo cámbiame reprogramar reprograma reprogramo reprogramarla posponer pospón posponga pospongo mover moverla moverlo mueva muéveme muévela muévelo "
    "correr corre puedo puede pueden poder podré podemos podrían ir venir asistir acudir llegar voy vengo enfermo enferma surgido imprevisto tengo tenía tenemos teníamos hay día días semana mes fecha horario "
    "hoy mañana pasado lunes martes miércoles jueves viernes sábado domingo tarde noche posible quizás quizá desafortunadamente lamentablemente lástima hola buenas buenos usted ustedes algo algún alguna "
    "empezar empiece comenzar comience olvidé perder actual existente original entera dejar dejo deja mantener quítala quítalo siento nuestra nuestro llego estoy lista táchame necesitamos todas todos retirar debo quite perdón iré surgió reservé desisto anule libere hueco sea ser aplace "
    "aplaza seis somos retraso gustaría iría va digamos dos tres cuatro cinco seis siete ocho nueve diez once doce final tal viene bien retrasémoslo acordado poco ayudaría mucho decir equivocado pasarla pasarlo "
    "pásala pásalo previsto retrasamos tiempo prefiero personas persona dr doctor señor señora realmente "
    "otros otras sería fuera cuando cuándo cómo qué dónde cuál dar dame deme darme quedo queda quedó reservada reservado había hasta desde entre hacia próxima próximo misma mismo antes posterior libre "
)
EMPTY_WORDS = frozenset(EMPTY.split())
HAN_EMPTY = re.compile(
    r"开始|原来|原定|现有|位子|座位|订位|预约|预定|预订|约定|约好|约会|约的|日程|日历|行程|安排|时段|改期|改约|改天|延期|更改|变更|调整|换个|换成|换到|别的|其他|另外|取消|不去了?|不来了?|去不了|来不了|不能|没法|无法|没办法|有事|临时|恐怕|不好意思|抱歉|对不起"
    r"|你好|您好|星期[一二三四五六日天]?|礼拜[一二三四五六日天]?|周[一二三四五六日天末]|下周|这周|下个?月|月|日|号|今天|明天|后天|大后天|今晚|明晚|那天|当天|一天|时候|什么|怎么|怎样|能否|是否|可否|可不可以|想要|希望|需要|打算|必须|往后|往前|同一天|还是|怎么样|早一点|早一些|早点|晚一点|晚点|订|样|[早晚](?![饭餐宴会])|推|挪|移|调|换|约|去|来|做|那|这|次|前|后|下|上|撤回|撤掉|退掉|让出|遗憾|很|只|生病|病了|所有|名字|划掉|过来|迟到|合适|更好|更早|更|比|现在|同一|日期|新|错了|日子|提前|行|赶不上|得|太|就|是|对|不是|[一二三四五六七八九十两]+(?=[点位人])|(?<![张李王小老阿])[一二三四五六七八九十两]|人|位|期|病|迟|过|退|跟|和|与|在|为|到|会|不|没|有|点钟|小时|分钟|时间|个|点|分|半"
)
AMBIGUOUS = frozenset(
    ["call", "date", "work", "meeting", "visit", "session", "event", "training", "treffen", "sitzung", "visita", "sesión", "compromiso", "evento"]
)
"""Say nothing about which, unless one is called so."""
COMPOUND = re.compile(r"(?<=\w{3})s?-?termine?s?$")
"""German writes "Zahnarzttermin" in one word."""
COMPARING = re.compile(
    r"[?？]|\b(?:instead|later|earlier|rather|prefer|better|stattdessen|anstatt|statt|später|früher|lieber|besser|passt|geht|mejor|prefiero|antes|más tarde|en vez|en lugar)\b|吧|能|可以|更",
    re.I,
)
"""Speaks of another time for something that there is already."""
DAY = timedelta(days=1)
TWELVE = 12


@dataclass(frozen=True, slots=True)
class Event:
    """What there is to match of one appointment; `start` in the zone of the business."""

    id: str
    start: datetime
    title: str
    people: str = ""
    """With whom, for whom and who comes."""
    called: frozenset[str] = frozenset()
    """Other words for the same service."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text about an appointment, read: the words that name one, and its present day and time where they are said."""

    words: frozenset[str]
    day: tuple[datetime, datetime] | None = None
    clock: datetime | None = None
    loose: frozenset[str] = frozenset()
    """Words that only narrow it down: who may serve instead is said in the same way as who was to serve."""

    ambiguous: frozenset[str] = frozenset()
    """Words that count only where an appointment is called so."""
    perhaps: tuple[datetime, datetime] | None = None
    """A day that may be the one on which it is, or the one to which it goes."""

    @property
    def names_time(self) -> bool:
        return self.day is not None or self.clock is not None


def read(text: str, *, now: datetime, zone: ZoneInfo, language: str, moving: bool, staff: Sequence[str] = ()) -> Said:
    """What a text says of which appointment is meant. Of one that is `moving`, the new time says nothing about which."""
    source = present(text, now=now, zone=zone, language=language) if moving else text
    head = times.read(_head(text), now=now, zone=zone, language=language)
    words = words_of(" ".join((head.rest, *head.unread)))
    loose = frozenset(word for word in words if any(alike(word, part) for name in staff for part in meaning(name)))
    day, clock = _time_in(source or text, now, zone, language)
    ambiguous = AMBIGUOUS & set(WORD.findall(text.casefold()))
    if moving and not source:
        return Said(frozenset(words) - loose, loose=loose, ambiguous=ambiguous, perhaps=day)
    return Said(frozenset(words) - loose, day, clock, loose, ambiguous)


def _time_in(text: str, now: datetime, zone: ZoneInfo, language: str) -> tuple[tuple[datetime, datetime] | None, datetime | None]:
    """The day or days that a text names, and its clock time."""
    reading = times.read(text, now=now, zone=zone, language=language)
    if reading.start is None or reading.unread:
        return None, None
    start = reading.start.astimezone(zone)
    day = None
    if reading.has_day:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        longer = reading.end is not None and not reading.has_clock and reading.precision is not times.Precision.DAY
        day = (start, reading.end.astimezone(zone)) if longer and reading.end is not None else (midnight, midnight + DAY)
    return day, start if reading.has_clock else None


def present(text: str, *, now: datetime, zone: ZoneInfo, language: str) -> str:
    """Of "move Tuesday's lunch to Thursday" what stands before the new time; empty where there is nothing but that."""

    def timed(part: str) -> bool:
        reading = times.read(part, now=now, zone=zone, language=language)
        return reading.has_day or reading.has_clock

    for found in INSTEAD.finditer(text):
        if timed(text[: found.start()]) and timed(text[found.end() :]):
            return text[found.end() :]
    towards = [found for found in reversed(list(TOWARDS.finditer(text))) if timed(text[found.end() :])]
    if not towards:
        return ""
    first = towards[0]
    for earlier in towards[1:]:  # "al jueves a las 3" is one time
        between = text[earlier.end() : first.start()]
        if not timed(between) or WORD.search(times.read(between, now=now, zone=zone, language=language).rest):
            break
        first = earlier
    return text[: first.start()]


def _head(text: str) -> str:
    """The clause of a text that says what is to be changed; where that names nothing, and points at nothing, the first one that does name something."""
    parts = [part for part in CLAUSE.split(text) if part and part.strip()]
    head = next((part for part in parts if CHANGING.search(part)), "")
    if head and (words_of(head) or POINTING.search(head)):
        return head
    return next((part for part in parts if words_of(part)), "")


def words_of(text: str) -> set[str]:
    """The words that tell one appointment from another."""
    found = meaning(HAN_EMPTY.sub(" ", text))
    folded = {COMPOUND.sub("", word) for word in found}
    return {word for word in folded if word not in EMPTY_FOLDED}


EMPTY_FOLDED = frozenset(part for word in EMPTY_WORDS for part in {word, *meaning(word)})


def find(mine: Sequence[Event], said: Said, *, spoken_of: str | None = None) -> tuple[Meant, list[str]]:
    """The ids of what may be meant, best first, and whether they fit what was said. Several that are SURE fit equally well."""
    fitting, words = _at_time(mine, said), said.words | _also_called(mine, said)
    if words:
        scores = {one.id: _score(words, one) for one in mine}
        if whole := [one for one in fitting if scores[one.id] == len(words)]:
            return Meant.SURE, _narrowed(whole, said)
        return Meant.UNLIKE, [one.id for one in sorted(mine, key=lambda one: -scores[one.id])]
    if said.names_time and not fitting:
        return Meant.UNLIKE, [one.id for one in mine]
    narrowed = _narrowed(fitting, said)
    if spoken_of in narrowed:
        return Meant.SURE, [str(spoken_of)]
    if said.names_time or len(narrowed) < len(mine):
        return Meant.SURE, narrowed
    return Meant.OPEN, narrowed


def _also_called(mine: Sequence[Event], said: Said) -> frozenset[str]:
    """The ambiguous words by which an appointment is called."""
    titles = {word for one in mine for word in WORD.findall(one.title.casefold())}
    return said.ambiguous & titles


def _at_time(mine: Sequence[Event], said: Said) -> list[Event]:
    found = [one for one in mine if said.day is None or said.day[0] <= one.start < said.day[1]]
    if said.perhaps is not None:
        found = [one for one in mine if said.perhaps[0] <= one.start < said.perhaps[1]] or found
    if said.clock is None:
        return found
    exact = [one for one in found if (one.start.hour, one.start.minute) == (said.clock.hour, said.clock.minute)]
    return exact or [one for one in found if (one.start.hour % TWELVE, one.start.minute) == (said.clock.hour % TWELVE, said.clock.minute)]


def _narrowed(found: Sequence[Event], said: Said) -> list[str]:
    """Of several, those with whom it is said to be; all where there are none such."""
    return [one.id for one in found if said.loose and _score(said.loose, one)] or [one.id for one in found]


def _score(words: frozenset[str], event: Event) -> int:
    names = words_of(event.title) | meaning(event.title) | meaning(event.people) | event.called | (AMBIGUOUS & set(WORD.findall(event.title.casefold())))
    return sum(any(alike(word, name) for name in names) for word in words)


def is_new(mine: Sequence[Event], text: str, title: str, how: Meant) -> bool:
    """Whether "yoga with Eva on Monday from 6 to 7", taken for a move, is something new: no word of moving, and its title is none that there is."""
    if not title or CHANGING.search(text) or COMPARING.search(text):
        return False
    if words_of(title):
        return how is Meant.UNLIKE or not mine
    first = title.casefold().partition(" ")[0]  # "meeting from 3 to 4"
    return first in AMBIGUOUS and not any(first in one.title.casefold().split() for one in mine)
