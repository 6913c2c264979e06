"""The German words of time."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.times.terms import Kind, Term
from orchestrator.times.vocabulary import Vocabulary, index

ONES_WORDS = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
ONES = ONES_WORDS.split()
TENS = {"zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "neunzig": 90}
ORDINAL_STEMS_WORDS = (
    "erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft dreizehnt vierzehnt fünfzehnt sechzehnt siebzehnt achtzehnt neunzehnt"
)
ORDINAL_STEMS = ORDINAL_STEMS_WORDS.split()
WEEKDAYS = (
    ("montag", "mo"),
    ("dienstag", "di"),
    ("mittwoch", "mi"),
    ("donnerstag", "do"),
    ("freitag", "fr"),
    ("samstag", "sa", "sonnabend"),
    ("sonntag", "so"),
)
MONTHS = (
    ("januar", "jan", "jänner"),
    ("februar", "feb", "feber"),
    ("märz", "mär", "mrz"),
    ("april", "apr"),
    ("mai",),
    ("juni", "jun"),
    ("juli", "jul"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("oktober", "okt"),
    ("november", "nov"),
    ("dezember", "dez"),
)
UNITS = {
    "second": ("sekunde", "sekunden"),
    "minute": ("minute", "minuten", "min", "minütiger", "minütigen", "minütiges", "minütige"),
    "quarter_hour": ("viertelstunde", "viertelstunden"),
    "three_quarter_hour": ("dreiviertelstunde",),
    "half_hour": ("halbstunde",),
    "hour": ("stunde", "stunden", "std", "h", "stündiger", "stündigen", "stündiges", "stündige"),
    "day": ("tag", "tage", "tagen", "tages", "tags"),
    "week": ("woche", "wochen"),
    "month": ("monat", "monate", "monaten", "monats"),
    "year": ("jahr", "jahre", "jahren", "jahres", "jahrs"),
}
PARTS = {
    "morgen": "morning",
    "früh": "morning",
    "vormittag": "morning",
    "mittag": "noon",
    "nachmittag": "afternoon",
    "abend": "evening",
    "nacht": "night",
}
ADVERBS = {
    "morgens": "morning",
    "frühmorgens": "morning",
    "früh morgens": "morning",
    "vormittags": "morning",
    "mittags": "noon",
    "nachmittags": "afternoon",
    "abends": "evening",
    "nachts": "night",
}
ENDINGS = ("e", "en", "er", "es", "em")

GLUE: dict[Kind, str] = {
    Kind.ARTICLE: "ein|eine|einer|einem|einen|ne|ner",
    Kind.HALF: "halb|halbe|halben|halbes|einhalb",
    Kind.QUARTER: "viertel",
    Kind.THREE_QUARTERS: "dreiviertel|drei viertel",
    Kind.COUNTER: "weitere|weiteren|volle|vollen|ganze",
    Kind.ORDINAL_MARK: ".|te|ten|ter",
    Kind.AM: "am|a.m.",
    Kind.PM: "pm|p.m.",
    Kind.OCLOCK: "uhr|h|uhr früh",
    Kind.MINUTES: "minuten|min",
    Kind.PAST: "nach",
    Kind.BEFORE_HOUR: "vor",
    Kind.AT: "um|um genau|um punkt|punkt|so um|um circa|um ca.|um etwa|spätestens um",
    Kind.NEAR: "gegen|circa|ca.|etwa|ungefähr|so gegen|zirka|rund|kurz nach|kurz vor",
    Kind.ON: "am|an|vom|zum",
    Kind.IN: "in|im|in etwa|in ca.|in genau|in den nächsten|in spätestens|in ungefähr",
    Kind.WITHIN: "innerhalb von|innerhalb|binnen",
    Kind.FOR: "für|lang|für die nächsten|für etwa|dauer",
    Kind.BY: "bis spätestens|spätestens|vor|bis zum|bis",
    Kind.FROM: "von|ab|vom|seit|beginnend|beginnend mit|startend|angefangen",
    Kind.ONTO: "auf|zu|auf den|auf die|auf das",
    Kind.UNTIL: "bis|bis zum|bis zur|bis um|bis einschließlich",
    Kind.BETWEEN: "zwischen",
    Kind.AND: "und|&|sowie",
    Kind.OF: "des|der|von|in|im",
    Kind.THE: "der|die|das|den|dem|des",
    Kind.PER: "pro|im|in der|je|am",
    Kind.EVERY: "jeden|jede|jedes|jeder|jedem|alle|an jedem|in jeder|immer",
    Kind.OTHER: "zweite|zweiten|zweites|andere|anderen|zweiter",
    Kind.THIS: "dieser|diese|diesen|diesem|dieses|heute|am heutigen",
    Kind.NEXT: "nächste|nächsten|nächster|nächstes|nächstem|folgende|folgenden",
    Kind.AFTER_NEXT: "übernächste|übernächsten|übernächster|übernächstes",
    Kind.COMING: "kommende|kommenden|kommender|kommendes|kommendem",
    Kind.LAST: "letzte|letzten|letzter|letztes|letztem|vergangene|vergangenen",
    Kind.AGO: "vor",
    Kind.LATER: "später|danach",
    Kind.HENCE: "ab jetzt|von jetzt an|ab heute|von heute an",
    Kind.EARLIER: "früher|eher",
    Kind.BEFORE: "vorher|davor|zuvor|vor dem|vor der|vor meinem|vor meiner|im voraus|vor den",
    Kind.AFTER: "nach|danach|nachher|nach dem|nach der|nach meinem|nach meiner",
    Kind.END: "ende|zum ende|letzten tag|letzter tag|letzte tag",
    Kind.START: "anfang|beginn|zu beginn",
    Kind.MIDDLE: "mitte",
    Kind.MOVE: "verschiebe|verschieben|verschieb|verlege|verlegen|verleg|ändere|ändern|umbuchen|umlegen|tausche|verschoben|verlegt|änder",
    Kind.EVENT: "wecker|termin|erinnerung|alarm|besprechung|reservierung|buchung",
    Kind.REJECTED: "nicht|statt|anstatt|anstelle von|nicht um|nicht am|statt um|statt am",
    Kind.SHADE: "spätestens|genau|direkt|gleich|bei|beim|zum|zur",
    Kind.EXCEPT: "außer|ausser|ausgenommen|nur nicht|aber nicht|jedoch nicht|mit ausnahme von",
    Kind.VAGUE: "später|bald|irgendwann|demnächst|nachher|so bald wie möglich|in kürze|in ein paar minuten|in ein paar stunden|in ein paar tagen|in einigen tagen|neulich|ab und zu|von zeit zu zeit|baldmöglichst|im frühling|im frühjahr|im sommer|im herbst|im winter|mal wieder|früher oder später",
    Kind.EVENTIDE: "glocke|glockenschlag|morgengrauen|sonnenaufgang|sonnenuntergang|dämmerung|morgendämmerung|abenddämmerung|frühstück|mittagessen|abendessen|feierabend|ostern|pfingsten|abendbrot|mittagspause|schlafenszeit|flut|ebbe|schulschluss|arbeit|schule|geburtstag|dienstschluss",
    Kind.MONEY: "euro|eur|cent|dollar|franken|prozent|aufgabe|nummer|zimmer|seite|personen|leute|gäste|version|kapitel|kg|km|ml|mg|tabletten|etage|stock|tisch|straße|punkte|stück|nr",
    Kind.NOT_TIME: "guten morgen|guten abend|guten tag|gute nacht|guten nachmittag|schönen tag|schönen abend|schönes wochenende|einen moment|eine sekunde|eine minute bitte|eine minute zeit|minute zeit|vor allem|nach wie vor|am besten|am liebsten|auf jeden fall|jedes mal|jede art|alle zusammen|so dass|so ein|so eine|an die|pro person|zum beispiel|in ordnung|im moment|zur zeit|mittag essen|zu mittag|zu abend|das erste mal|zum ersten mal|zum zweiten mal|das nächste mal|nächstes mal|letztes mal|beim nächsten mal|tag der|auf keinen fall|auf die|zu früh|zu spät|zweite meinung|tagesordnung|mai tai|um was|um wen|um die|ab und an|an sich|zweiten blick",
}  # fmt: skip


def entries() -> Iterator[tuple[str, Term]]:
    yield from _numbers()
    yield from _weekdays()
    yield from _calendar()
    yield from _days()
    yield from _parts()
    for kind, phrases in GLUE.items():
        for phrase in phrases.split("|"):
            yield phrase, Term(kind)


def _numbers() -> Iterator[tuple[str, Term]]:
    for value, word in enumerate(ONES):
        yield word, Term(Kind.NUMBER, value)
    yield "ein", Term(Kind.NUMBER, 1)
    for word in ("vorverlegen", "vorziehen", "vorverlege", "vor verlegen", "ziehe", "vorverlegt"):
        yield word, Term(Kind.MOVE, -1)
    yield "zwo", Term(Kind.NUMBER, 2)
    yield "ein paar", Term(Kind.VAGUE)
    for value, word in enumerate(("anderthalb", "zweieinhalb", "dreieinhalb", "viereinhalb", "fünfeinhalb"), 1):
        yield word, Term(Kind.AND_HALF, value)
    for stem, minutes in (("einstündig", 60), ("zweistündig", 120), ("dreistündig", 180), ("vierstündig", 240), ("halbstündig", 30), ("eineinhalbstündig", 90)):
        for ending in ENDINGS:
            yield stem + ending, Term(Kind.LENGTH, minutes)
    yield "eineinhalb", Term(Kind.AND_HALF, 1)
    for word, value in TENS.items():
        yield word, Term(Kind.NUMBER, value)
        for ones, digit in enumerate(ONES[1:10], 1):
            yield f"{'ein' if digit == 'eins' else digit}und{word}", Term(Kind.NUMBER, value + ones)
    stems = dict(enumerate(ORDINAL_STEMS, 1))
    for tens in ("zwanzig", "dreißig"):
        stems[TENS[tens]] = f"{tens}st"
        for ones, digit in enumerate(ONES[1:10], 1):
            stems[TENS[tens] + ones] = f"{'ein' if digit == 'eins' else digit}und{tens}st"
    for value, stem in stems.items():
        for ending in ENDINGS:
            yield stem + ending, Term(Kind.ORDINAL, value)
    for word in ("einmal", "1 mal", "1x"):
        yield word, Term(Kind.TIMES, 1)
    for value, word in enumerate(("zweimal", "dreimal", "viermal", "fünfmal"), 2):
        yield word, Term(Kind.TIMES, value)


def _weekdays() -> Iterator[tuple[str, Term]]:
    for value, names in enumerate(WEEKDAYS):
        for name in names:
            if len(name) > 2:
                yield name, Term(Kind.WEEKDAY, value)
                yield f"{name}s", Term(Kind.WEEKDAYS, value)
                yield f"{name}e", Term(Kind.WEEKDAY, value)
                for word, part in PARTS.items():
                    yield f"{name}{word}", Term(Kind.WEEKDAY, value, part)
                for word, part in ADVERBS.items():
                    yield f"{name}{word}", Term(Kind.WEEKDAYS, value, part)
            else:
                yield name, Term(Kind.WEEKDAY_WEAK, value)
                for lead in ("am", "bis", "jeden"):
                    yield f"{lead} {name}.", Term(Kind.WEEKDAY, value)
                    yield f"{lead} {name}", Term(Kind.WEEKDAY, value)


def _calendar() -> Iterator[tuple[str, Term]]:
    for value, names in enumerate(MONTHS, 1):
        for name in names:
            yield name, Term(Kind.MONTH, value)
    for unit, words in UNITS.items():
        for word in words:
            yield word, Term(Kind.UNIT, name=unit)
    for word in ("werktag", "arbeitstag", "wochentag"):
        yield word, Term(Kind.DAY_SET, name="workday")
        yield f"{word}e", Term(Kind.DAY_SET, name="workday")
        for many in (f"{word}s", f"an {word}en", f"an {word}s"):
            yield many, Term(Kind.DAY_SETS, name="workday")
    yield "unter der woche", Term(Kind.DAY_SETS, name="workday")
    yield "wochenende", Term(Kind.DAY_SET, name="weekend")
    for many in ("wochenends", "an wochenenden", "am wochenende immer", "an den wochenenden"):
        yield many, Term(Kind.DAY_SETS, name="weekend")
    for word, frequency, interval in (
        ("täglich", "DAILY", 1), ("tagtäglich", "DAILY", 1), ("wöchentlich", "WEEKLY", 1), ("monatlich", "MONTHLY", 1),
        ("jährlich", "YEARLY", 1), ("stündlich", "HOURLY", 1), ("zweiwöchentlich", "WEEKLY", 2), ("vierzehntägig", "WEEKLY", 2),
        ("14-tägig", "WEEKLY", 2), ("minütlich", "MINUTELY", 1), ("halbstündlich", "MINUTELY", 30), ("vierteljährlich", "MONTHLY", 3),
        ("zweistündlich", "HOURLY", 2), ("halbjährlich", "MONTHLY", 6), ("alltäglich", "DAILY", 1),
    ):  # fmt: skip
        yield word, Term(Kind.REPEAT, interval, frequency)


def _days() -> Iterator[tuple[str, Term]]:
    for phrase, days in (("heute", 0), ("morgen", 1), ("übermorgen", 2), ("überübermorgen", 3), ("gestern", -1), ("vorgestern", -2)):
        yield phrase, Term(Kind.OFFSET, days)
    for phrase, steps, name in (("übernächste woche", 2, "week"), ("übernächsten monat", 2, "month"), ("übernächstes wochenende", 2, "weekend")):
        yield phrase, Term(Kind.WHOLE, steps, name)
    for phrase, edge in (("monatsende", Kind.END), ("monatsanfang", Kind.START), ("monatsmitte", Kind.MIDDLE)):
        yield phrase, Term(edge, 0, "month")
    for phrase in ("jahresende", "ende des jahres"):
        yield phrase, Term(Kind.END, 0, "year")
    for phrase, day in (
        ("heiligabend", 1224), ("heilig abend", 1224), ("weihnachten", 1225), ("silvester", 1231), ("neujahr", 101), ("nikolaus", 1206),
        ("erster weihnachtstag", 1225), ("ersten weihnachtstag", 1225), ("zweiten weihnachtstag", 1226),
    ):  # fmt: skip
        yield phrase, Term(Kind.FIXED_DAY, day)


def _parts() -> Iterator[tuple[str, Term]]:
    for word, part in (
        ("weck", "morning"), ("wecke", "morning"), ("wecken", "morning"), ("frühstück", "morning"), ("aufstehen", "morning"),
        ("abendessen", "evening"), ("abendbrot", "evening"),
    ):  # fmt: skip
        yield word, Term(Kind.HINT, name=part)
    for word, part in PARTS.items():
        yield word, Term(Kind.BARE_PART, name=part)
        if word not in ("früh", "nacht"):
            yield f"am {word}", Term(Kind.PART, name=part)
            yield f"am frühen {word}", Term(Kind.PART, name=part)
            yield f"am späten {word}", Term(Kind.PART, name=part)
    for word, part in ADVERBS.items():
        yield word, Term(Kind.PART, name=part)
    for phrase in ("in der nacht", "bei nacht"):
        yield phrase, Term(Kind.PART, name="night")
    yield "in der früh", Term(Kind.PART, name="morning")
    yield "in der frühe", Term(Kind.PART, name="morning")
    yield "zu mittag", Term(Kind.PART, name="noon")
    for phrase, days, part in (
        ("am vorabend", -1, "evening"), ("vorabend", -1, "evening"), ("am vortag", -1, ""), ("tags zuvor", -1, ""), ("am folgetag", 1, ""),
        ("tags darauf", 1, ""), ("am tag danach", 1, ""), ("am tag davor", -1, ""), ("am tag vorher", -1, ""),
    ):  # fmt: skip
        yield phrase, Term(Kind.DAY_AROUND, days, part)
    yield "heut abend", Term(Kind.OFFSET_PART, 0, "evening")
    yield "mitternacht", Term(Kind.CLOCK_WORD, 24 * 60)
    yield "um mitternacht", Term(Kind.CLOCK_WORD, 24 * 60)
    yield "um die mittagszeit", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "zur mittagszeit", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "zwölf uhr mittags", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "12 uhr mittags", Term(Kind.CLOCK_WORD, 12 * 60)


def vocabulary() -> Vocabulary:
    return Vocabulary("de", index(entries()), half_before=True, dotted_dates=True, ago_before=True)
