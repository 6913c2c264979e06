"""Keywords decide by themselves, so they must be right: they are tried on every training sentence of every other intent."""

from __future__ import annotations

import pytest

from orchestrator.triage.intent_data import load_builtin
from orchestrator.triage.keywords import KeywordError, KeywordRule, Keywords
from orchestrator.triage.taxonomy import SAID_EXACTLY


@pytest.fixture(scope="module")
def builtin() -> Keywords:
    return Keywords(load_builtin().rules)


@pytest.mark.parametrize(
    ("text", "intent", "language"),
    [
        ("hi", "greeting", "en"),
        ("Hello there!", "greeting", "en"),
        ("Guten Morgen", "greeting", "de"),
        ("¡Hola, buenas!", "greeting", "es"),
        ("你好！", "greeting", "zh"),
        ("Thanks a lot!", "thanks", "en"),
        ("Vielen Dank", "thanks", "de"),
        ("muchas gracias", "thanks", "es"),
        ("谢谢", "thanks", "zh"),
        ("see you later", "goodbye", "en"),
        ("auf Wiedersehen", "goodbye", "de"),
        ("hasta luego", "goodbye", "es"),
        ("再见", "goodbye", "zh"),
        ("I’d like to talk to a human", "human_handover", "en"),
        ("ich möchte mit einem Menschen sprechen", "human_handover", "de"),
        ("quiero hablar con una persona", "human_handover", "es"),
        ("转人工", "human_handover", "zh"),
        ("What are your opening hours?", "opening_hours", "en"),
        ("Öffnungszeiten", "opening_hours", "de"),
        ("¿Cuál es el horario?", "opening_hours", "es"),
        ("营业时间", "opening_hours", "zh"),
        ("remind me in one minute to stretch", "reminder_set", "en"),
        ("Erinnere mich morgen an den Müll", "reminder_set", "de"),
        ("recuérdame mañana llamar a Ana", "reminder_set", "es"),
        ("明天九点提醒我开会", "reminder_set", "zh"),
        ("please cancel my dentist appointment", "appointment_cancel", "en"),
        ("Ich möchte meinen Termin verschieben", "appointment_reschedule", "de"),
        ("quiero reservar una cita", "appointment_booking", "es"),
        ("查看我的预约", "appointment_list", "zh"),
        ("/tasks", "tasks_list", "en"),
        ("speak German", "settings_language", "en"),
    ],
)
def test_what_is_said_in_so_many_words(builtin: Keywords, text: str, intent: str, language: str) -> None:
    found = builtin.match(text)
    assert found is not None
    assert (found.intent, found.language) == (intent, language)
    assert found.confidence >= 0.99


@pytest.mark.parametrize(
    "text",
    [
        "hi, can you book me a haircut",
        "hello kitty backpack",
        "thanks but that's not what I meant",
        "remind me what your opening hours are",
        "remind me again in ten minutes",
        "remind me on Tuesday instead",
        "what is your appointment cancellation policy",
        "can I cancel my appointment without a fee",
        "I don't want to talk to a person",
        "change our opening hours to 9 to 5",
        "erinnere mich in zehn Minuten nochmal",
        "recuérdamelo más tarde",
        "你好吗",
        "不要提醒我了",
        "",
        "   ",
    ],
)
def test_what_only_looks_like_it_is_left_to_the_classifier(builtin: Keywords, text: str) -> None:
    assert builtin.match(text) is None


def test_no_keyword_matches_a_sentence_of_another_intent(builtin: Keywords) -> None:
    data = load_builtin()
    sentences = (*data.examples, *data.out_of_scope)
    found = [(sentence, builtin.match(sentence.text)) for sentence in sentences]
    wrong = [(sentence.text, match.intent) for sentence, match in found if match and match.intent != sentence.intent]
    assert wrong == []
    assert sum(match is not None for _, match in found) > 400


def test_every_rule_matches_an_example_of_its_intent() -> None:
    data = load_builtin()
    unused = [
        rule.source
        for rule in data.rules
        if rule.intent not in SAID_EXACTLY
        and not any(rule.pattern.search(sentence.text) for sentence in data.examples if (sentence.intent, sentence.language) == (rule.intent, rule.language))
    ]
    assert unused == []


def test_of_two_intents_the_one_that_covers_the_other_wins() -> None:
    keywords = Keywords([KeywordRule("short", "en", "hours"), KeywordRule("long", "en", "opening hours")])
    found = keywords.match("your opening hours please")
    assert found is not None
    assert (found.intent, found.pattern) == ("long", "opening hours")


def test_of_two_intents_side_by_side_or_on_the_same_words_none_wins() -> None:
    keywords = Keywords([KeywordRule("one", "en", "price"), KeywordRule("two", "en", "hours"), KeywordRule("three", "en", "pric[e]")])
    assert keywords.match("the price of two hours") is None
    assert keywords.match("the price") is None
    assert keywords.match("hours") is not None


def test_two_rules_of_one_intent_agree() -> None:
    keywords = Keywords([KeywordRule("one", "en", r"\bhours\b"), KeywordRule("one", "de", "^hours")])
    found = keywords.match("hours")
    assert found is not None
    assert found.intent == "one"


@pytest.mark.parametrize("source", [r"^(a|b) \1$", "(?P<letter>b) b", "(?i:B) b", "^x|b b", r"\bx|b b", "[|)]|b b", r"\(|b b"])
def test_every_kind_of_pattern_works_inside_the_combined_scan(source: str) -> None:
    keywords = Keywords([KeywordRule("other", "en", "^never"), KeywordRule("found", "en", source)])
    assert keywords.match("b b") is not None


def test_a_pattern_that_is_no_regular_expression_is_named() -> None:
    with pytest.raises(KeywordError, match=r"intents\.price_inquiry\.keywords \(en\): '\(price' is not a regular expression"):
        Keywords([KeywordRule("greeting", "en", "^hi$"), KeywordRule("price_inquiry", "en", "(price")])


def test_no_rules_match_nothing() -> None:
    assert Keywords([]).match("hi") is None
