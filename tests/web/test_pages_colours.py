"""Text and signs stand out from what they lie on: WCAG 2.2, level AA."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[2] / "web" / "static" / "css"
TEXT = 4.5
SIGN = 3.0
GROUNDS = ["ground", "surface", "raised", "hover"]
PAIRS = [
    *[(text, on, TEXT) for text in ("text", "text-2", "accent") for on in GROUNDS],
    *[("text-3", on, TEXT) for on in ("ground", "surface", "raised", "field")],
    *[(state, on, TEXT) for state in ("good", "warn", "bad") for on in GROUNDS[:3]],
    *[(s, f"{s}-faint", TEXT) for s in ("good", "warn", "bad")],
    *[("text", f"{s}-faint", TEXT) for s in ("good", "warn", "bad", "accent")],
    *[("text-2", f"{s}-faint", TEXT) for s in ("warn", "bad", "accent")],
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-bad", "bad-strong", TEXT),
    ("accent-strong", "accent-faint", TEXT),
    ("surface", "head", TEXT),
    ("line-strong", "field", SIGN),
    ("line-strong", "surface", SIGN),
    ("accent-strong", "ground", SIGN),
    ("run", "track", SIGN),
    ("hatch", "hatch-ground", 2.0),
    ("now", "track", SIGN),
]


def colours(theme: str) -> dict[str, str]:
    names = ["tokens.css"] if theme == "dark" else ["tokens.css", "light.css"]
    text = "".join((STYLES / name).read_text() for name in names)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))


def brightness(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_pair_of_colours_has_enough_contrast(theme: str) -> None:
    known = colours(theme)

    poor = []
    for front, back, least in PAIRS:
        light, dark = sorted(
            (brightness(known[front]), brightness(known[back])), reverse=True
        )
        contrast = (light + 0.05) / (dark + 0.05)
        if contrast < least:
            poor.append(f"{front} on {back}: {contrast:.2f} < {least}")

    assert not poor


def test_the_light_theme_has_a_value_for_every_colour_of_the_dark_one() -> None:
    dark = (STYLES / "tokens.css").read_text()
    light = (STYLES / "light.css").read_text()
    of_pictures = {"on-picture", "on-picture-2", "scrim"}

    pattern = r"--([\w-]+): (?:#|rgb)"
    assert (
        set(re.findall(pattern, light)) == set(re.findall(pattern, dark)) - of_pictures
    )
