"""The local classifier: what it learns, how it keeps it, and how well it knows what it does not know."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from orchestrator.triage import local_classifier
from orchestrator.triage.calibration import NEVER, Logistic
from orchestrator.triage.features import Vocabulary, fold, tokens
from orchestrator.triage.local_classifier import CorruptClassifier, Example, LocalClassifier, NoExamples

SENTENCES = {
    "booking": (
        "book a haircut on Friday", "I would like to book an appointment", "please make an appointment for me", "can I come in on Monday",
        "einen Termin am Freitag bitte", "ich möchte einen Termin buchen", "kann ich am Montag kommen", "bitte einen Termin vereinbaren",
        "quiero reservar una cita", "una cita para el viernes por favor", "¿puedo ir el lunes?", "reservar hora para cortarme el pelo",
        "我想预约周五理发", "帮我预约一下", "周一可以来吗", "请给我订一个时间",
    ),
    "hours": (
        "what are your opening hours", "when do you open", "are you open on Sunday", "how late are you open",
        "wann habt ihr geöffnet", "wie sind die Öffnungszeiten", "habt ihr am Sonntag offen", "bis wann habt ihr auf",
        "¿a qué hora abren?", "¿cuál es su horario?", "¿abren los domingos?", "¿hasta qué hora están abiertos?",
        "你们几点开门", "营业时间是什么", "周日开门吗", "你们几点关门",
    ),
    "reminder": (
        "remind me to call mum", "set a reminder for tomorrow", "remind me in ten minutes to stretch", "don't let me forget the milk",
        "erinnere mich an den Anruf", "stell eine Erinnerung für morgen", "erinnere mich in zehn Minuten", "lass mich die Milch nicht vergessen",
        "recuérdame llamar a mamá", "pon un recordatorio para mañana", "recuérdame en diez minutos", "no me dejes olvidar la leche",
        "提醒我给妈妈打电话", "设置明天的提醒", "十分钟后提醒我", "别让我忘了买牛奶",
    ),
    "price": (
        "how much is a haircut", "what does it cost", "what are your prices", "is it expensive",
        "was kostet ein Haarschnitt", "wie teuer ist das", "welche Preise habt ihr", "was muss ich zahlen",
        "¿cuánto cuesta un corte?", "¿qué precio tiene?", "¿cuáles son sus precios?", "¿es caro?",
        "理发多少钱", "这个要多少钱", "你们的价格是多少", "贵不贵",
    ),
}  # fmt: skip
EXAMPLES = [Example(text, intent) for intent, texts in SENTENCES.items() for text in texts]
STRANGERS = [
    Example(text, "oos")
    for text in ("who won the match", "wer hat gewonnen", "quién ganó el partido", "谁赢了比赛", "tell me about black holes", "法国的首都是哪里")
]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def classifier() -> LocalClassifier:
    return LocalClassifier.train(EXAMPLES)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I want to book a haircut for Monday", "booking"),
        ("Kann ich einen Termin fürs Haareschneiden buchen?", "booking"),
        ("quisiera reservar una cita el lunes", "booking"),
        ("我要预约周一", "booking"),
        ("when are you open on Saturday?", "hours"),
        ("habt ihr samstags geöffnet", "hours"),
        ("a que hora abren manana", "hours"),
        ("你们周六几点开门？", "hours"),
        ("please remind me to stretch tomorrow", "reminder"),
        ("明天提醒我买牛奶", "reminder"),
        ("how much does it cost?", "price"),
        ("一共多少钱", "price"),
    ],
)
def test_sentences_it_has_not_seen_find_their_intent_in_four_languages(classifier: LocalClassifier, text: str, intent: str) -> None:
    assert classifier.predict(text).intent == intent


def test_a_prediction_is_consistent_in_itself(classifier: LocalClassifier) -> None:
    for prediction in classifier.predict_many([*(example.text for example in EXAMPLES), "zzz", "Привет, как дела?"]):
        assert 0 <= prediction.confidence <= prediction.in_scope <= 1
        assert prediction.accepted == (prediction.confidence >= classifier.threshold)
        assert prediction.runner_up not in (None, prediction.intent)
        assert 0 <= prediction.runner_up_confidence <= 1 - prediction.confidence


def test_strangers_are_less_in_scope_than_what_it_was_taught(classifier: LocalClassifier) -> None:
    taught = [prediction.in_scope for prediction in classifier.predict_many(example.text for example in EXAMPLES)]
    strange = [prediction.in_scope for prediction in classifier.predict_many(example.text for example in STRANGERS)]
    assert max(strange) < float(np.median(taught))


def test_sentences_labelled_out_of_scope_are_recognised_and_never_accepted() -> None:
    taught = LocalClassifier.train([*EXAMPLES, *STRANGERS])
    prediction = taught.predict("who won the match yesterday")
    assert (prediction.intent, prediction.accepted) == ("oos", False)
    assert prediction.confidence == pytest.approx(1 - prediction.in_scope)
    assert prediction.runner_up in SENTENCES
    familiar = taught.predict("remind me to call mum tomorrow")
    assert familiar.intent == "reminder"
    assert familiar.in_scope > prediction.in_scope


@pytest.mark.parametrize("text", ["", "   ", "?!…", "\n\t", "。，！"])
def test_a_message_without_words_is_never_accepted(classifier: LocalClassifier, text: str) -> None:
    prediction = classifier.predict(text)
    assert (prediction.confidence, prediction.accepted) == (0.0, False)


@pytest.mark.parametrize("text", ["a" * 100_000, "word " * 20_000, "我" * 20_000, "\x00\x02\x03", "👍", "🤷🏽‍♀️ ok", "e\u0301" * 50, "\ud800"])
def test_odd_messages_get_an_answer(classifier: LocalClassifier, text: str) -> None:
    assert classifier.predict(text).intent in SENTENCES


def test_the_same_examples_give_the_same_classifier(classifier: LocalClassifier) -> None:
    again = LocalClassifier.train(EXAMPLES)
    assert again.threshold == classifier.threshold
    assert again.predict("book it for Friday") == classifier.predict("book it for Friday")


def test_one_intent_alone_can_be_trained_but_nothing_is_promised() -> None:
    alone = LocalClassifier.train([Example("book a haircut", "booking"), Example("make an appointment", "booking")])
    prediction = alone.predict("book a haircut please")
    assert (prediction.intent, prediction.runner_up) == ("booking", None)


def test_two_intents_with_one_sentence_each_can_be_trained() -> None:
    tiny = LocalClassifier.train([Example("book a haircut", "booking"), Example("when do you open", "hours")])
    assert tiny.predict("a haircut").intent == "booking"


@pytest.mark.parametrize("examples", [[], STRANGERS])
def test_without_a_sentence_in_scope_there_is_nothing_to_train(examples: list[Example]) -> None:
    with pytest.raises(NoExamples):
        LocalClassifier.train(examples)


def test_a_higher_target_accepts_less() -> None:
    thresholds = [LocalClassifier.train(EXAMPLES, target_precision=target).threshold for target in (0.6, 0.8, 0.95)]
    assert thresholds == sorted(thresholds)


def test_what_was_saved_is_loaded_unchanged(classifier: LocalClassifier, tmp_path: Path) -> None:
    classifier.save(tmp_path / "kept.npz")
    loaded = LocalClassifier.load(tmp_path / "kept.npz")
    texts = [example.text for example in EXAMPLES + STRANGERS]
    assert loaded.predict_many(texts) == classifier.predict_many(texts)
    assert loaded.threshold == classifier.threshold
    assert [path.name for path in tmp_path.iterdir()] == ["kept.npz"]


def test_sentences_with_broken_characters_can_be_kept(tmp_path: Path) -> None:
    examples = [*EXAMPLES, Example("haircut \ud800 \x00 now", "booking")]
    first = LocalClassifier.load_or_train(examples, tmp_path)
    assert LocalClassifier.load_or_train(examples, tmp_path).predict("\ud800 now") == first.predict("\ud800 now")


def test_the_cache_is_used_for_the_same_examples_only(tmp_path: Path) -> None:
    first = LocalClassifier.load_or_train(EXAMPLES, tmp_path)
    (kept,) = tmp_path.iterdir()
    trained_at = kept.stat().st_mtime_ns
    second = LocalClassifier.load_or_train(EXAMPLES, tmp_path)
    assert kept.stat().st_mtime_ns == trained_at
    assert second.predict("book a haircut") == first.predict("book a haircut")
    LocalClassifier.load_or_train([*EXAMPLES, Example("trim my beard", "booking")], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"not a classifier", b"PK\x03\x04 torn"])
def test_a_damaged_cache_is_trained_anew_and_mended(tmp_path: Path, damage: bytes) -> None:
    LocalClassifier.load_or_train(EXAMPLES, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage)
    with pytest.raises(CorruptClassifier):
        LocalClassifier.load(kept)
    assert LocalClassifier.load_or_train(EXAMPLES, tmp_path).predict("book a haircut").intent == "booking"
    assert LocalClassifier.load(kept).threshold > 0


def test_half_a_file_is_noticed(classifier: LocalClassifier, tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    classifier.save(path)
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(CorruptClassifier):
            LocalClassifier.load(path)


def test_a_file_of_another_version_is_refused(classifier: LocalClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_classifier, "FORMAT", local_classifier.FORMAT + 1)
    classifier.save(tmp_path / "kept.npz")
    monkeypatch.undo()
    with pytest.raises(CorruptClassifier, match="format"):
        LocalClassifier.load(tmp_path / "kept.npz")


def test_a_cache_folder_that_cannot_be_written_does_not_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where the folder should be")
    assert LocalClassifier.load_or_train(EXAMPLES, tmp_path / "occupied").predict("book a haircut").intent == "booking"


def test_old_files_are_forgotten(tmp_path: Path) -> None:
    for number in range(local_classifier.KEPT_FILES + 2):
        LocalClassifier.load_or_train([*EXAMPLES[:20], Example(f"number {number}", "price")], tmp_path)
    assert len(list(tmp_path.iterdir())) == local_classifier.KEPT_FILES


def test_words_are_read_without_accents_punctuation_and_case() -> None:
    assert fold("¿Mañana a las DIEZ?") == "¿manana a las diez?"
    assert tokens("Don't forget: milk, 2 eggs!") == ["don", "t", "forget", "milk", "2", "eggs"]
    assert tokens("我想预约 Friday 👍") == ["我", "想", "预", "约", "friday", "👍"]


def test_the_share_of_the_unknown_is_measured() -> None:
    vocabulary = Vocabulary.fit([example.text for example in EXAMPLES], 1)
    assert vocabulary.encode("book a haircut on Friday").unknown < 0.05
    assert vocabulary.encode("quantum chromodynamics vorticity").unknown > 0.4
    known = vocabulary.encode("book quantum haircut")
    assert 0.05 < known.unknown < 0.95
    assert float(known.values @ known.values) == pytest.approx(1 - known.unknown, abs=1e-4)


def test_a_logistic_function_finds_the_chances_behind_the_cases() -> None:
    random = np.random.default_rng(0)
    signals = random.normal(size=(4000, 2))
    chance = 1 / (1 + np.exp(-(2 * signals[:, 0] - 0.5)))
    fitted = Logistic.fit(signals, (random.random(4000) < chance).astype(np.float64), np.ones(4000))
    assert fitted.weights[0] == pytest.approx(2, abs=0.2)
    assert fitted.weights[1] == pytest.approx(0, abs=0.15)
    assert fitted.bias == pytest.approx(-0.5, abs=0.15)
    assert fitted((1000.0, 0.0)) == pytest.approx(1)
    assert fitted((-1000.0, 0.0)) == pytest.approx(0)


def test_an_unreachable_target_accepts_nothing() -> None:
    same = [Example("the same words", intent) for intent in ("a", "b", "c", "d")]
    unsure = LocalClassifier.train(same)
    assert unsure.threshold == NEVER
    assert not unsure.predict("the same words").accepted


def test_it_keeps_its_promise_on_public_data_with_ten_examples_an_intent() -> None:
    full, few = DATA / "clinc150_full.json", DATA / "clinc150_fewshot.json"
    if not (full.exists() and few.exists()):
        pytest.skip(f"CLINC150 is not in {DATA}")
    classifier = LocalClassifier.train([Example(*row) for row in json.loads(few.read_text())["train_10"]])
    rows = json.loads(full.read_text())
    home = [(classifier.predict(text), intent) for text, intent in rows["test"]]
    strange = [classifier.predict(text) for text, _ in rows["oos_test"]]
    right = sum(prediction.accepted and prediction.intent == intent for prediction, intent in home)
    accepted = sum(prediction.accepted for prediction, _ in home) + sum(prediction.accepted for prediction in strange)
    assert sum(prediction.intent == intent for prediction, intent in home) / len(home) >= 0.81
    assert right / accepted >= 0.97
    assert accepted / len(home) >= 0.4


def test_examples_are_values() -> None:
    assert dataclasses.replace(EXAMPLES[0], language="en") != EXAMPLES[0]
