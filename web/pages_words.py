"""Sentences of the pages in the languages we speak.

The English sentence is its own key; `locale/<language>.json` has the others.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

LANGUAGES = (("en", "English"), ("id", "Bahasa Indonesia"))
_LOCALE = Path(__file__).parent / "locale"
_HOLE = re.compile(r"\{(\w+)\}")

Translate = Callable[..., str]


class Words:
    """The catalogues of all languages, read once."""

    def __init__(self) -> None:
        self._catalogues = {
            key: json.loads((_LOCALE / f"{key}.json").read_text(encoding="utf-8"))
            for key, _ in LANGUAGES
        }

    def for_scripts(self, language: str) -> dict[str, str]:
        """What scripts need; nothing for the language of the keys."""
        catalogue: dict[str, str] = self._catalogues[language]
        return {} if language == "en" else catalogue

    def translator(self, language: str) -> Translate:
        """The function that templates call `t`, for one language."""
        catalogue = self._catalogues[language]

        def t(sentence: str, **values: object) -> str:
            return filled(catalogue.get(sentence, sentence), values)

        return t


def filled(sentence: str, values: dict[str, object]) -> str:
    """The sentence with its `{name}` holes filled; a value is never read as a hole."""
    return _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), sentence)


def chosen(cookie: str | None, accept: str, default: str) -> str:
    """The language of a request: the reader's choice, the browser's, the site's."""
    known = [key for key, _ in LANGUAGES]
    if cookie in known:
        return cookie
    for wanted in _preferences(accept):
        base = wanted.split("-")[0].lower()
        # Old systems still say "in" for Indonesian.
        base = "id" if base == "in" else base
        if base in known:
            return base
    return default


def _preferences(accept: str) -> Iterable[str]:
    """Tags of an Accept-Language header, most wanted first; nonsense is passed over."""
    weighed = []
    for place, part in enumerate(accept[:400].split(",")):
        tag, _, parameter = part.partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter)
        quality = float(weight[1]) if weight else 1.0
        if tag.strip() and quality > 0:
            weighed.append((-quality, place, tag.strip()))
    return [tag for _, _, tag in sorted(weighed)]
