"""The built-in training material is complete and unambiguous, and what is malformed is named by file and key."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from orchestrator.triage.intent_data import (
    ANY_LANGUAGE,
    LANGUAGES,
    IntentData,
    IntentDataError,
    LabelledSentence,
    content_hash,
    load_builtin,
    merge,
    parse,
    plain,
)
from orchestrator.triage.keywords import KeywordError
from orchestrator.triage.taxonomy import COMMANDS, NOT_SERVED_YET, OUT_OF_SCOPE, SAID_EXACTLY

SERVED = [
    "greeting",
    "help",
    "thanks",
    "goodbye",
    "small_talk",
    "human_handover",
    "complaint_wrong",
    "opening_hours",
    "business_location",
    "business_contact",
    "services_list",
    "price_inquiry",
    "business_faq",
    "reminder_set",
    "reminder_list",
    "reminder_change",
    "reminder_delete",
    "reminder_done",
    "reminder_snooze",
    "appointment_booking",
    "appointment_reschedule",
    "appointment_cancel",
    "appointment_list",
    "appointment_availability",
    "tasks_list",
    "task_cancel",
    "task_pause",
    "task_resume",
    "task_status",
    "why",
    "settings_timezone",
    "settings_language",
    "setup_change",
    "history",
    "statistics",
]
BUSIEST = ["reminder_set", "appointment_booking", "appointment_reschedule", "opening_hours", "business_faq", "price_inquiry", "human_handover"]
INTENTS = {*SERVED, *NOT_SERVED_YET}


@pytest.fixture(scope="module")
def builtin() -> IntentData:
    return load_builtin()


def test_every_intent_is_there_in_every_language(builtin: IntentData) -> None:
    assert set(COMMANDS) <= INTENTS
    for language in LANGUAGES:
        assert {sentence.intent for sentence in builtin.examples if sentence.language == language} == INTENTS
    assert {rule.intent for rule in builtin.rules} <= INTENTS | set(SAID_EXACTLY)
    for language in LANGUAGES:
        assert {rule.intent for rule in builtin.rules if rule.language == language} >= set(SAID_EXACTLY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_enough_different_examples(builtin: IntentData, language: str) -> None:
    different = {(sentence.intent, plain(sentence.text)) for sentence in builtin.examples if sentence.language == language}
    counts = Counter(intent for intent, _ in different)
    wanted = dict.fromkeys(NOT_SERVED_YET, 20) | dict.fromkeys(SERVED, 25) | dict.fromkeys(BUSIEST, 35)
    assert {intent: counts[intent] for intent, least in wanted.items() if counts[intent] < least} == {}
    assert len({plain(sentence.text) for sentence in builtin.out_of_scope if sentence.language == language}) >= 60


def test_no_sentence_stands_twice_or_under_two_intents(builtin: IntentData) -> None:
    seen: dict[str, LabelledSentence] = {}
    for sentence in (*builtin.examples, *builtin.out_of_scope):
        before = seen.setdefault(plain(sentence.text), sentence)
        assert before.intent == sentence.intent, sentence
        assert before is sentence or before.language != sentence.language, sentence


def test_out_of_scope_is_labelled_so(builtin: IntentData) -> None:
    assert {sentence.intent for sentence in builtin.out_of_scope} == {OUT_OF_SCOPE}
    assert OUT_OF_SCOPE not in {sentence.intent for sentence in builtin.examples}


def test_chinese_is_written_in_chinese_and_the_others_are_not(builtin: IntentData) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    strange = [sentence.text for sentence in builtin.examples if sentence.language != "zh" and han.search(sentence.text)]
    assert strange == []


def test_the_hash_of_the_content_stays_the_same() -> None:
    assert content_hash() == content_hash()
    assert len(content_hash()) == 32


def test_an_operator_adds_sentences_keywords_and_intents(builtin: IntentData) -> None:
    merged = merge(
        builtin,
        {
            "price_inquiry": {"examples": ["what does the deluxe package come to"], "keywords": {"en": ["^deluxe package$"]}},
            "boat_rental": {"examples": {"de": ["ich möchte ein Boot mieten"]}},
            "oos": {"examples": ["sell me a boat"]},
        },
    )
    assert LabelledSentence("what does the deluxe package come to", "price_inquiry", ANY_LANGUAGE) in merged.examples
    assert LabelledSentence("ich möchte ein Boot mieten", "boat_rental", "de") in merged.examples
    assert LabelledSentence("sell me a boat", OUT_OF_SCOPE, ANY_LANGUAGE) in merged.out_of_scope
    assert (merged.rules[0].intent, merged.rules[0].language) == ("price_inquiry", "en")
    assert len(merged.examples) == len(builtin.examples) + 2
    assert merge(builtin, {}) == builtin


def test_a_sentence_the_operator_gives_to_another_intent_is_the_operators(builtin: IntentData) -> None:
    merged = merge(builtin, {"opening_hours": {"examples": ["Do I need a referral"]}})
    assert {sentence.intent for sentence in merged.examples if plain(sentence.text) == plain("do i need a referral")} == {"opening_hours"}


def test_an_operators_malformed_keyword_is_refused_at_once(builtin: IntentData) -> None:
    with pytest.raises(KeywordError, match="price_inquiry"):
        merge(builtin, {"price_inquiry": {"keywords": ["(price"]}})


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("intents: [", "document"),
        ("- intents", "document"),
        ("intent: {}", "intent"),
        ("out_of_scope: []", "intents"),
        ("intents: {Opening Hours: {}}", "intents.Opening Hours"),
        ("intents: {greeting: [hi]}", "intents.greeting"),
        ("intents: {greeting: {exampels: [hi]}}", "intents.greeting.exampels"),
        ("intents: {greeting: {examples: hi}}", "intents.greeting.examples"),
        ("intents: {greeting: {examples: [hi, 7]}}", "intents.greeting.examples[1]"),
        ("intents: {greeting: {keywords: ['']}}", "intents.greeting.keywords[0]"),
        ("intents: {greeting: {examples: {fr: [salut]}}}", "intents.greeting.examples.fr"),
        ("intents: {yes: {}}", "intents.True"),
        ("{intents: {}, out_of_scope: [true]}", "out_of_scope[0]"),
    ],
)
def test_what_is_malformed_is_named_by_file_and_key(content: str, key: str) -> None:
    with pytest.raises(IntentDataError) as raised:
        parse(content, "intents/xx.yaml", "en")
    assert (raised.value.file, raised.value.key) == ("intents/xx.yaml", key)
    assert str(raised.value).startswith(f"intents/xx.yaml: {key}: ")
