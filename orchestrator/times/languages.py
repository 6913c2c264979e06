"""Which of the four languages a text is in."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_]+")
SMALL_WORDS = {
    "de": (
        "ich du er sie wir ihr mir mich dir uns der die das den dem des ein eine einen einer einem und oder nicht ist "
        "sind bin war habe hat haben auf für fuer mit von zum zur beim bei nach um im am ab bis jeden jede jedes alle "
        "heute morgen übermorgen uhr bitte erinnere erinnern termin montag dienstag mittwoch donnerstag freitag "
        "samstag sonntag nächsten nächste woche stunde stunden minuten tag tage abend vormittag nachmittag mittag "
        "halb viertel wann wie was wo kann können danke hallo guten möchte morgens abends täglich kein keine doch "
        "januar februar märz mai juni juli oktober dezember vor wochenende werktag in zwei drei"
    ),
    "es": (
        "yo tú tu el la los las un una unos unas y o no es son está estoy soy tengo tiene que de del al en por para "
        "con sin se me te le lo mi su hoy mañana pasado tarde noche lunes martes miércoles jueves viernes sábado "
        "domingo próximo próxima semana hora horas minutos día días mes año cada todos todas recuérdame recuerdame "
        "favor cita cuando cuándo dónde cómo qué gracias hola quiero quisiera puedo dentro hace desde hasta media "
        "cuarto mediodía medianoche a enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
        "diciembre diario diariamente fin"
    ),
    "en": (
        "i you he she it we they me my your the a an and or not is are am was have has to of in on at for with from "
        "by every this that next last today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday "
        "week month day hour hours minutes morning afternoon evening night please remind what when where how can "
        "could would thanks hello hi noon midnight daily weekly until after before pm january february march may june "
        "july october december weekend weekday half past quarter"
    ),
}
FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in SMALL_WORDS.items()}
SPANISH_LETTERS = re.compile(r"[ñ¿¡áíóú]", re.I)
GERMAN_LETTERS = re.compile(r"[äöüß]", re.I)


def guess_language(text: str, otherwise: str = "en") -> str:
    """Chinese by its characters; the others by their small words, and by letters that only one has."""
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return "zh"
    words = [word.lower() for word in WORD.findall(text)]
    scores = {language: float(sum(word in known for word in words)) for language, known in FUNCTION_WORDS.items()}
    scores["es"] += 1.5 if SPANISH_LETTERS.search(text) else 0
    scores["de"] += 1.5 if GERMAN_LETTERS.search(text) else 0
    best = max(scores.values())
    if best == 0 or scores.get(otherwise) == best:
        return otherwise
    return max(scores, key=lambda language: scores[language])
