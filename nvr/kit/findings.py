"""What a conformance run says: steps, each well or with sentences on what is wrong."""

import json
from dataclasses import dataclass

STEPS = {
    "package": "the package can be read",
    "entry point": "it names its plugin by an entry point",
    "import": "it can be imported",
    "hooks": "its hooks exist and take parameters that they are given",
    "settings": "its settings are frozen, complete and explained",
    "calls": "its hooks answer samples with what they promise, in time",
    "reach": "it keeps out of the rooms of the server",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in words for the plugin's author: what and why."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `passed` are steps that were done and found well."""

    plugins: tuple[str, ...]
    passed: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        return not self.findings


def to_line(kind: str, step: str, text: str = "") -> str:
    """What the process under trial writes for whoever started it."""
    return json.dumps([kind, step, text]) + "\n"


def from_lines(lines: str) -> tuple[Report, str, bool]:
    """The report, the last step that was begun, and whether the run came to its end."""
    plugins, begun, findings, is_over = [], [], [], False
    for line in lines.splitlines():
        kind, step, text = json.loads(line)
        if kind == "plugin":
            plugins.append(text)
        elif kind == "begin":
            begun.append(step)
        elif kind == "wrong":
            findings.append(Finding(step, text))
        is_over |= kind == "end"
    bad = {finding.step for finding in findings}
    last = begun[-1] if begun else "package"
    done = [step for step in begun if step not in bad and (is_over or step != last)]
    return Report(tuple(plugins), tuple(done), tuple(findings)), last, is_over
