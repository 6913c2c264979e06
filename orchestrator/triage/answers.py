"""Reading what a person typed as the answer to an open question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from orchestrator import times
from orchestrator.contracts import AnswerKind, Json, Option
from orchestrator.tasks.questions import NO, YES, Question
from orchestrator.triage.requests import count_words, when_slot

YES_WORDS = frozenset(
    [
        "yes",
        "y",
        "yeah",
        "yep",
        "sure",
        "ok",
        "okay",
        "correct",
        "right",
        "please",
        "fine",
        "perfect",
        "great",
        "ja",
        "jo",
        "klar",
        "gerne",
        "genau",
        "passt",
        "richtig",
        "stimmt",
        "sí",
        "si",
        "claro",
        "vale",
        "correcto",
        "exacto",
        "bueno",
        "perfecto",
        "是",
        "是的",
        "好",
        "好的",
        "对",
        "可以",
        "行",
        "没错",
        "嗯",
    ]
)
NO_WORDS = frozenset(["no", "n", "nope", "nah", "not", "nein", "nö", "nicht", "不", "不是", "不要", "不行", "没有", "否"])
GIVE_UP = re.compile(
    r"^\W*(?:please\s+)?(?:cancel(?:\s+(?:that|it|this))?|forget (?:it|that|about it)|never ?mind|leave it|stop(?:\s+(?:it|that))?|drop it"
    r"|vergiss (?:es|das)|vergessen sie(?: es| das)?|egal|lass (?:es|mal|gut sein)|abbrechen|abbruch|doch nicht"
    r"|olv[ií]d(?:alo|elo|ate)(?: de eso)?|d[eé]jalo|d[eé]jelo|cancela(?:r|lo)?|no importa|da igual"
    r"|(?:算了(?:吧)?|不用了|别管了|不要了|不约了|不订了|没事了)(?:[，,。 ]*(?:算了(?:吧)?|不用了|别管了|不要了|不约了|不订了|没事了))?|取消(?:吧|掉)?)\W*$",
    re.I,
)
REFUSING = re.compile(
    r"^\W*(?:(?:oh|ach|no|nope|nein|nee|não|hm+|well|bueno|na|ok|okay|actually|eigentlich)\W+)*(?:(?:i'?d |i would )?(?:rather|better|prefer) not(?: to)?|(?:let'?s )?not (?:now|any ?more|today)|no,? thanks?(?: you)?|thanks?,? (?:but )?no|i(?:'ve)? changed my mind"
    r"|(?:dann |doch |ich )?(?:lieber|besser|eher)(?: doch)? nicht(?: mehr)?|nein,? danke|danke,? nein|(?:jetzt|heute) (?:doch )?nicht|nicht (?:jetzt|mehr)|(?:lass|lassen sie)(?: es| das| wir'?s| uns)? lieber"
    r"|(?:pues )?(?:mejor|prefiero|casi mejor|ahora|ya|casi)(?: que)? no|no,? (?:muchas )?gracias|gracias,? (?:pero )?no"
    r"|(?:还是|那|那就|我看)*(?:不了|不用了?|不必了?|不要了?|别了|先不(?:用|要|了)?了?|最好不要|最好别)(?:吧|啦)?[，, ]*(?:谢谢)?)(?:,? (?:thanks?|thank you|danke|gracias|bitte|please))?\W*$",
    re.I,
)
"""So is declined what is being asked, without a reason."""
ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": -1, "erste": 0, "ersten": 0, "zweite": 1, "zweiten": 1,
    "dritte": 2, "dritten": 2, "letzte": -1, "letzten": -1, "primero": 0, "primera": 0, "segundo": 1, "segunda": 1, "tercero": 2,
    "tercera": 2, "último": -1, "última": -1, "第一个": 0, "第二个": 1, "第三个": 2, "最后一个": -1,
}  # fmt: skip
FILLING = (
    "the one please time slot option ok then i ll take want like would d die der das den dem bitte dann ich nehme nehm zeit option möchte will el la lo por favor opción hora "
    "hueco quiero cojo tomo prefiero entonces me quedo con 吧 我要 我选 选 那 就 要 那就 我"
)
FILLERS = frozenset(FILLING.split())
"""What stands around "the second one" without changing it."""
AROUND = (
    "i i'm im am we we're are is it it's its the in at from near my our city town place time zone timezone live living based now currently here please around set use yes "
    "no right correct ich bin wir sind wohne wohnen lebe leben im am aus bei der die das meine unsere stadt zeit zeitzone ist jetzt gerade derzeit hier bitte nimm ja nein "
    "richtig stimmt estoy estamos vivo vivimos en de desde la el mi nuestra ciudad zona hora horaria es ahora aquí por favor usa soy sí"
)
AROUND_PLACES = frozenset(AROUND.split())
HAN = re.compile(r"[㐀-鿿]")
HAN_AROUND_PLACES = re.compile(r"我们|时区|城市|这里|这边|时间|现在|目前|设为|[我人住在的是请用吧呢啊\s，。！,.!]")
MOST_OF_PLACE, MOST_OF_COUNTRY = 8, 2
"""Words (in Chinese, characters) of a place's name, and words of the country behind the comma."""
ASKING = re.compile(
    r"^\W*(?:(?:and|so|hey|sorry|und|y|oye|tell me|sag mal|dime)\W+)?(?:what(?!\s+(?:about|if)\b)|when|who|where|why|which|how(?!\s+about\b)|was|wann|wer|wo|warum|wieso|welche[rsnm]?"
    r"|wie(?!\s+(?:w[äa]r|sieht|ist es))|qué(?!\s+(?:tal|te parece)\b)|cuá\w+|dónde|quién|cómo)(?:\b|')|几号|几点|星期几|什么|谁|哪|为什么|多少|怎么(?!样)",
    re.I,
)
"""So begins what asks for something; a time in it is no answer."""
WORDS = re.compile(r"[^\W_]+", re.U)
SHORTEST_PART = 3
BRIEF, BRIEF_CHARACTERS = 4, 30
"""Words and characters: only so short a message can mean an option by its place ("the last one")."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A typed answer; `leftover` counts the words that were not part of it."""

    value: Json
    leftover: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads answers at one moment, in one person's zone and language."""

    now: datetime
    zone: str
    language: str

    def read(self, question: Question, text: str) -> Answer | None:
        """The answer, or None when the text is none for this kind of question."""
        text = text.strip()
        if not text:
            return None
        match question.kind:
            case AnswerKind.CHOICE:
                return self._choice(question.options, text)
            case AnswerKind.YES_NO:
                return self._yes_no(text)
            case AnswerKind.NUMBER:
                return self._number(text)
            case AnswerKind.WHEN:
                return self._when(text)
            case AnswerKind.ZONE:
                return self._zone(question.options, text)
            case AnswerKind.TEXT:
                return Answer(text)

    def _choice(self, options: tuple[Option, ...], text: str) -> Answer | None:
        low = text.casefold().strip(" .!,。！")
        for option in options:
            if option.label.casefold() == low:
                return Answer(option.value)
        if low.isdigit() and 1 <= int(low) <= len(options):
            return Answer(options[int(low) - 1].value)
        if (place := place_named(low)) is not None:
            return Answer(options[place].value) if place < len(options) else None
        partial = [option for option in options if self._overlaps(option.label.casefold(), low)]
        if len(partial) == 1:
            return Answer(partial[0].value, max(0, len(WORDS.findall(low)) - len(WORDS.findall(partial[0].label))))
        if len(options) == 1 and low in YES_WORDS:
            return Answer(options[0].value)
        return self._choice_by_time(options, text)

    def _overlaps(self, label: str, text: str) -> bool:
        if len(text) >= SHORTEST_PART and text in label:
            return True
        return (len(label) >= SHORTEST_PART or not label.isascii()) and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text) is not None

    def _choice_by_time(self, options: tuple[Option, ...], text: str) -> Answer | None:
        """ "at 3" picks the option that stands for that time."""
        starts = [(option, str(option.value.get("start", "")) if isinstance(option.value, dict) else str(option.value)) for option in options]
        for option, start in starts:
            try:
                moment = datetime.fromisoformat(start)
            except ValueError:
                continue
            reading = times.refine(moment, text, now=self.now, zone=self.zone, language=self.language)
            if reading.start == moment and (reading.has_clock or reading.has_day):
                return Answer(option.value, count_words(reading.rest))
        return None

    def _yes_no(self, text: str) -> Answer | None:
        if refuses(text):
            return Answer(NO)
        words = [word.casefold() for word in WORDS.findall(text)]
        low = "".join(words)
        if low in YES_WORDS or (words and words[0] in YES_WORDS):
            return Answer(YES, len(words) - 1)
        if low in NO_WORDS or (words and words[0] in NO_WORDS):
            return Answer(NO, len(words) - 1)
        return None

    def _number(self, text: str) -> Answer | None:
        found = re.search(r"-?\d+(?:[.,]\d+)?", text)
        return Answer(float(found.group().replace(",", ".")), len(WORDS.findall(text)) - 1) if found else None

    def _when(self, text: str) -> Answer | None:
        reading = times.read(text, now=self.now, zone=self.zone, language=self.language)
        if not (reading.start or reading.recurrence) and re.fullmatch(r"\W*\d{1,2}(?::\d{2})?\W*", text):
            reading = times.refine(self.now, text, now=self.now, zone=self.zone, language=self.language)
        if reading.unread or not (reading.start or reading.recurrence):
            return None
        return Answer(when_slot(reading, self.zone), count_words(reading.rest))

    def _zone(self, options: tuple[Option, ...], text: str) -> Answer | None:
        """A place that is named, and nothing else: "are you open on Christmas?" has the name of an island in it."""
        if len(options) == 1 and (text.casefold().strip(" .!,。！") in YES_WORDS or text.casefold() == options[0].label.casefold()):
            return Answer(options[0].value)
        found = text if text in available_timezones() else place_alone(text, self.language)
        return Answer(found) if found else None


def place_alone(text: str, language: str) -> str | None:
    """The zone of a text that names a place and says no more than that somebody is there; None for any other."""
    place, comma, country = text.partition(",")
    if comma and len(country.split()) <= MOST_OF_COUNTRY and (zone := place_alone(place, language)) is not None:
        return zone
    if HAN.search(text):
        parts, between = list(HAN_AROUND_PLACES.sub("", text)), ""
    else:
        tokens = (token.strip('?!.,;:()"“”„¿¡') for token in text.casefold().split())
        parts, between = [token for token in tokens if token and token not in AROUND_PLACES], " "
    zone = times.find_zone(between.join(parts), language) if 0 < len(parts) <= MOST_OF_PLACE else None
    if zone is None:
        return None
    for length in range(1, len(parts) + 1):
        for start in range(len(parts) - length + 1):
            if times.find_zone(between.join(parts[start : start + length]), language) == zone:
                rest = [*parts[:start], *parts[start + length :]]
                return zone if not rest or times.find_zone(between.join(rest), language) else None
    return zone


def place_named(text: str) -> int | None:
    """Which of several things a short text means by its place ("the second one"), from 0; -1 is the last."""
    low = text.casefold().strip(" .!,。！")
    if len(low.split()) > BRIEF or len(low) > BRIEF_CHARACTERS:
        return None
    return next((place for word, place in ORDINALS.items() if word in low.split() or (not word.isascii() and word in low)), None)


def points(text: str) -> int | None:
    """The same, where the text says nothing else: "on the second" and "my last appointment" do not."""
    place = place_named(text)
    low = text.casefold()
    for word in ORDINALS if place is not None else ():
        low = low.replace(word, " ") if not word.isascii() else re.sub(rf"\b{word}\b", " ", low)
    return place if place is not None and not set(WORDS.findall(low)) - FILLERS else None


def asks(text: str) -> bool:
    """Whether a text wants to know something ("what's the date on Friday?"), rather than proposing a time ("Friday?", "how about Friday?")."""
    return ASKING.search(text) is not None


def is_vague(text: str) -> bool:
    """Whether a text answers whatever was asked last, and nothing in particular: "yes", "no", "2"."""
    low = "".join(word.casefold() for word in WORDS.findall(text))
    return low in YES_WORDS or low in NO_WORDS or low.isdigit()


def gives_up(text: str) -> bool:
    """Whether the person drops what is being asked ("forget it")."""
    return GIVE_UP.match(text.strip()) is not None


def refuses(text: str) -> bool:
    """Whether the person would rather not ("rather not", "mejor no")."""
    return REFUSING.match(text.strip()) is not None


def is_no(text: str) -> bool:
    """A "no" and nothing else."""
    return "".join(word.casefold() for word in WORDS.findall(text)) in NO_WORDS
