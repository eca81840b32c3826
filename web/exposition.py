"""The text form in which Prometheus reads figures, version 0.0.4. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name. `kind` is gauge or counter; a counter ends in `_total`."""

    name: str
    kind: str
    text: str
    samples: list[Sample] = field(default_factory=list)

    def add(self, value: float | None, **labels: str) -> None:
        """One figure; None, which is not known, is left out."""
        if value is not None:
            self.samples.append((labels, value))


def exposition(families: Iterable[Family]) -> str:
    """All families; one without a figure is left out."""
    return "".join(_family(it) for it in families if it.samples)


def _family(it: Family) -> str:
    text = it.text.replace("\\", r"\\").replace("\n", r"\n")
    head = f"# HELP {it.name} {text}\n# TYPE {it.name} {it.kind}\n"
    return head + "".join(
        f"{it.name}{_labels(labels)} {_number(value)}\n" for labels, value in it.samples
    )


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))
