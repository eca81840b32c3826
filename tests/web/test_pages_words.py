"""Every sentence of the pages has its translation, and languages are chosen well."""

import json
import re
from pathlib import Path

import pytest
from nvr.web.pages_words import Words, chosen, filled

WEB = Path(__file__).parents[2] / "web"
STRING = r'"(?:[^"\\]|\\.)*"'


def sentences() -> set[str]:
    """What templates, scripts and handlers say, read out of their text."""
    found: set[str] = set()
    for script in WEB.glob("static/js/*.js"):
        text = script.read_text()
        found |= set(re.findall(rf"\bt\(\s*({STRING})", text))
        for pair in re.findall(rf"\btn\(\s*({STRING}),\s*({STRING})", text):
            found |= set(pair)
        found |= set(re.findall(r'join\([^;]*?("\{n\} \w+")\);', text))
    for module in WEB.glob("pages*.py"):
        for run in re.findall(rf"\bt\(\s*((?:{STRING}\s*)+)", module.read_text()):
            parts = re.findall(STRING, run)
            found.add(json.dumps("".join(json.loads(part) for part in parts)))
    literal = {json.loads(text) for text in found}
    for template in WEB.glob("templates/**/*.html"):
        quoted = re.findall(r"\bt\(\s*(?:\"([^\"]*)\"|'([^']*)')", template.read_text())
        literal |= {double or single for double, single in quoted}
    return literal


def catalogue(language: str) -> dict[str, str]:
    text = (WEB / "locale" / f"{language}.json").read_text(encoding="utf-8")
    read: dict[str, str] = json.loads(text)
    return read


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_sentence_is_in_the_catalogue_and_nothing_else(language: str) -> None:
    assert set(catalogue(language)) == sentences()


def test_a_translation_has_the_same_holes_as_its_sentence() -> None:
    for sentence, translated in catalogue("id").items():
        holes = re.findall(r"\{\w+\}", sentence)
        assert sorted(re.findall(r"\{\w+\}", translated)) == sorted(holes), sentence


def test_no_template_says_anything_past_the_catalogue() -> None:
    for template in WEB.glob("templates/**/*.html"):
        text = template.read_text().replace("{% block page_class %}camera-page", "")
        text = text.replace("{% block page_class %}wall-page", "")
        text = re.sub(r"\{[%{#].*?[%}#]\}", "", text, flags=re.S)
        text = re.sub(r"<[^>]*>", " ", text)
        spoken = set(re.findall(r"[A-Za-z]{2,}", text))
        assert spoken <= {"doctype", "html", "nvr", "Authorization", "Bearer", "Esc",
                          "PgUp", "PgDn"}, template.name  # fmt: skip


def test_sentences_are_translated_and_filled() -> None:
    t = Words().translator("id")

    assert t("{n} min", n=5) == "5 mnt"
    assert t("Not in the catalogue") == "Not in the catalogue"


def test_a_value_with_braces_is_not_a_hole() -> None:
    assert filled("Edit {name}", {"name": "{n} {name}"}) == "Edit {n} {name}"


@pytest.mark.parametrize(
    ("cookie", "accept", "expected"),
    [
        ("id", "en", "id"),
        ("xx", "en", "en"),
        (None, "id-ID,id;q=0.9,en;q=0.8", "id"),
        (None, "de, in;q=0.5", "id"),
        (None, "en;q=0.3, id;q=0.7", "id"),
        (None, "fr", "id"),
        (None, "", "id"),
        (None, ";;q=,=;,*;q=0", "id"),
    ],
)
def test_the_reader_chooses_the_language_then_the_browser_then_the_site(
    cookie: str | None, accept: str, expected: str
) -> None:
    assert chosen(cookie, accept, "id") == expected
