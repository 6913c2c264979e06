"""Cards become what a channel can show: nothing is lost, nothing is trusted, every limit is kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.cards.html import to_html
from bot.cards.markdown import plain, read
from bot.cards.parts import AGAIN, marked_again, only_part, parts, without_markup
from bot.cards.rich import Rich, spans, split, units
from bot.channels.base import Capabilities, Markup, Part, Span
from orchestrator.contracts import Action, Attachment, Button, Card

TELEGRAM = Capabilities(text_limit=4096, markup=Markup.SPANS, edits=True, keys_per_row=3, label_limit=20)
WEB = Capabilities(text_limit=20_000, markup=Markup.MARKDOWN, edits=True)
TERMINAL = Capabilities(text_limit=20_000, markup=Markup.PLAIN, edits=False, files=False)

_SHARDS = [*"ab c.\n*_`[]()<>#|-~\\&!:/1😀界", "http://a.b", "```", "**", "| --- |", "](", "<!--"]
RUBBISH = st.lists(st.sampled_from(_SHARDS), max_size=200).map("".join)


def under(part: Part, kind: str) -> list[str]:
    """The texts that carry one kind of emphasis, found the way the platform finds them: by UTF-16 offsets."""
    raw = part.text.encode("utf-16-le")
    return [raw[2 * s.offset : 2 * (s.offset + s.length)].decode("utf-16-le") for s in part.spans if s.kind == kind]


def shown(text: str) -> Part:
    return parts(Card(text), TELEGRAM)[0]


def test_emphasis_stands_where_telegram_counts_it() -> None:
    part = shown("😀😀 a **bold 😀** word, *slanted*, ~~gone~~ and `code`")
    assert part.text == "😀😀 a bold 😀 word, slanted, gone and code"
    assert under(part, "bold") == ["bold 😀"]
    assert under(part, "italic") == ["slanted"]
    assert under(part, "strike") == ["gone"]
    assert under(part, "code") == ["code"]


def test_a_plain_sentence_is_left_alone() -> None:
    for text in ("Hello, we open at 9.", "5 < 6 and 7 > 3", "a_b_c and 2 * 3 * 4 = 24", "C:\\temp", "Q&A", "1.5 h - that is all"):
        assert shown(text).text == text
        assert shown(text).spans == ()


def test_html_is_text() -> None:
    part = shown("<b>not bold</b> <script>alert(1)</script>")
    assert part.text == "<b>not bold</b> <script>alert(1)</script>"
    assert part.spans == ()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "tg://user?id=1", "//a.b"]
)
def test_only_web_addresses_are_links(address: str) -> None:
    assert under(shown(f"[press me]({address})"), "link") == []
    assert "<a " not in to_html(f"[press me]({address}) ![x]({address}) <{address}>")


def test_a_link_keeps_its_address() -> None:
    part = shown("see [our site](https://example.org/a_b)")
    assert part.spans == (Span("link", 4, 8, "https://example.org/a_b"),)
    assert plain("see [our site](https://example.org/a_b)") == "see our site (https://example.org/a_b)"
    assert without_markup(part, TELEGRAM).text == "see our site (https://example.org/a_b)"
    assert without_markup(part, TELEGRAM).spans == ()


def test_an_image_is_named_not_shown() -> None:
    assert "<img" not in to_html("![cat](https://a.b/c.png)")
    assert under(shown("![cat](https://a.b/c.png)"), "link") == ["cat"]


def test_a_table_becomes_a_list() -> None:
    part = shown("| Service | Price | Minutes |\n|---|---|---|\n| Cut | **20** | 30 |\n| Dye | 50 | |")
    assert part.text == "• Cut – Price: 20, Minutes: 30\n• Dye – Price: 50"
    assert under(part, "bold") == ["Cut", "20", "Dye"]


def test_lists_and_headings() -> None:
    part = shown("# Hours\n- Monday\n  - morning\n- Friday\n\n1. one\n2. two\n\n> said")
    assert part.text == "Hours\n\n• Monday\n  • morning\n• Friday\n\n1. one\n2. two\n\nsaid"
    assert under(part, "bold") == ["Hours"]
    assert under(part, "quote") == ["said"]


def test_code_stands_alone() -> None:
    part = shown("**around `code` it**")
    assert under(part, "code") == ["code"]
    assert under(part, "bold") == ["around ", " it"]


def test_direction_overrides_and_control_characters_are_taken_out() -> None:
    assert shown("pay \u202e001\u202c to\x00 me\x1b[31m").text == "pay 001 to me[31m"


@pytest.mark.parametrize("text", ["[a]: https://a.b", "---", "#", "<!-- nothing -->", "> ", "```\n```", "**", "![](x)", "&nbsp;", "| a |\n|---|"])
def test_what_markdown_makes_empty_is_shown_as_it_is(text: str) -> None:
    assert shown(text).text.strip()


def test_a_card_that_shows_nothing_is_an_error() -> None:
    for text in ("", "  \n ", "\x00"):
        with pytest.raises(ValueError, match="nothing"):
            parts(Card(text), TELEGRAM)


def test_a_long_text_is_cut_between_paragraphs_then_sentences_then_words() -> None:
    assert [p.text for p in split(Rich("one one\n\ntwo two"), 10)] == ["one one", "two two"]
    assert [p.text for p in split(Rich("One is. Two is. Three."), 16)] == ["One is. Two is.", "Three."]
    assert [p.text for p in split(Rich("aaaa bbbb cccc"), 10)] == ["aaaa bbbb", "cccc"]
    assert [p.text for p in split(Rich("x" * 25), 10)] == ["x" * 10, "x" * 10, "x" * 5]
    assert [p.text for p in split(Rich("今天下雨。明天晴。后天也晴。"), 10)] == ["今天下雨。明天晴。", "后天也晴。"]


def test_no_cut_goes_through_a_surrogate_pair() -> None:
    pieces = split(Rich("😀" * 11), 5)
    assert all(units(piece.text) <= 5 for piece in pieces)
    assert "".join(piece.text for piece in pieces) == "😀" * 11


def test_emphasis_goes_on_in_the_next_part() -> None:
    long = "**" + "word " * 2000 + "end**"
    made = parts(Card(long), TELEGRAM)
    assert len(made) == 3
    assert all(under(part, "bold") == [part.text] for part in made)


def test_buttons_are_under_the_last_part_and_never_lost() -> None:
    row = tuple(Button(f"choice number {n} with a long label", Action("token", f"t{n}")) for n in range(5))
    made = parts(Card("word " * 2000, buttons=(row,)), TELEGRAM)
    assert [bool(part.keys) for part in made] == [False, False, True]
    assert [key.token for line in made[-1].keys for key in line] == ["t0", "t1", "t2", "t3", "t4"]
    assert [len(line) for line in made[-1].keys] == [3, 2]
    assert all(len(key.label) <= 20 and key.label.endswith("…") for line in made[-1].keys for key in line)


def test_files_follow_the_text_where_the_channel_has_files() -> None:
    card = Card("Booked.", files=(Attachment("visit.ics", "text/calendar", "BEGIN:VCALENDAR"),))
    assert [part.file.name if part.file else part.text for part in parts(card, TELEGRAM)] == ["Booked.", "visit.ics"]
    assert [part.text for part in parts(card, TERMINAL)] == ["Booked."]


def test_web_gets_the_source_and_html_without_anything_of_a_stranger_in_it() -> None:
    part = parts(Card("**hi** <img src=x onerror=alert(1)>\nnext"), WEB)[0]
    assert part.markdown == "**hi** <img src=x onerror=alert(1)>\nnext"
    assert to_html(part.markdown) == "<p><strong>hi</strong> &lt;img src=x onerror=alert(1)&gt;<br />\nnext</p>"


def test_the_repeat_mark_moves_the_emphasis_along() -> None:
    part = marked_again(shown("**bold** text"))
    assert part.text == f"{AGAIN}bold text"
    assert under(part, "bold") == ["bold"]


def test_an_edit_stays_one_message() -> None:
    part = only_part(Card("word " * 3000), TELEGRAM)
    assert units(AGAIN + part.text) <= 4096
    assert part.text.endswith(" …")


@given(RUBBISH)
@example("[" * 200 + "](http://a.b)" * 100)
@example("*" * 300)
@example("> " * 100 + "x")
@example("[a]() ![b]()")
@example("![]()")
@example("[]()")
@settings(max_examples=300, deadline=None)
def test_no_rubbish_breaks_anything(text: str) -> None:
    rich = read(text)
    assert bool(rich.text.strip()) == bool(text.strip())
    end = units(rich.text)
    for span in spans(rich):
        assert span.length > 0
        assert span.offset >= 0 and span.offset + span.length <= end
        assert span.kind != "link" or span.value.startswith("http")
    for piece in split(rich, 40):
        assert 0 < units(piece.text) <= 40
        assert all(s.offset >= 0 and s.offset + s.length <= units(piece.text) for s in spans(piece))
    html = to_html(text)
    assert bool(re.sub("<(?!hr)[^>]*>", "", html).strip()) == bool(text.strip())
    assert 'href=""' not in html
    tags = set(re.findall(r"</?([a-zA-Z0-9]+)", html))
    assert tags <= {
        "p",
        "br",
        "strong",
        "em",
        "s",
        "code",
        "pre",
        "a",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_word_is_lost_in_splitting(text: str) -> None:
    rich = read(text)
    joined = "".join(piece.text for piece in split(rich, 30))
    assert "".join(joined.split()) == "".join(rich.text.split())
