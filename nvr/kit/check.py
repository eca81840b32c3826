"""A conformance run: what is wrong with a plugin, and why.

The plugin is loaded and called in another process, which may hang, exit or be killed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from nvr.base.errors import PluginError
from nvr.kit.findings import Finding, Report, from_lines
from nvr.kit.unpacking import unpack

PATIENCE_SECONDS = 60.0


def check(
    target: str,
    *,
    call_seconds: float = 5.0,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Report:
    """Try out a package folder or a wheel by its path, or an installed plugin by name.

    A target that is there as a file or folder is one. Each hook may take
    `call_seconds`, everything together `patience_seconds`.
    """
    with tempfile.TemporaryDirectory(prefix="nvr-check-") as folder:
        work, path = Path(folder), Path(target)
        command = ["--seconds", str(call_seconds)]
        if path.exists():
            try:
                command += ["--folder", str(unpack(path, work))]
            except PluginError as error:
                return Report((), (), (Finding("package", str(error)),))
        else:
            command += ["--name", target]
        return _tried(command, work, patience_seconds)


def _tried(arguments: list[str], work: Path, patience_seconds: float) -> Report:
    # -P: what lies in the current folder is not what is installed.
    command = [sys.executable, "-P", "-m", "nvr.kit.trial", *arguments]
    with (work / "told").open("w+") as told, (work / "log").open("w+") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=told, stderr=log, cwd=work
        )
        try:
            ending = _ending(process.wait(patience_seconds))
        except subprocess.TimeoutExpired:
            ending = f"was not over after {patience_seconds:g} s and was killed"
        finally:
            process.kill()
            process.wait()
        lines = (work / "told").read_text(encoding="utf-8", errors="replace")
        said = (work / "log").read_text(encoding="utf-8", errors="replace")
    report, last, is_over = from_lines(lines)
    if is_over:
        return report
    return Report(
        report.plugins,
        report.passed,
        (*report.findings, Finding(last, _unfinished(ending, said))),
    )


def _ending(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"ended the whole process, with status {status}"


def _unfinished(ending: str, said: str) -> str:
    last = said.strip().splitlines()[-1:]
    hint = f" (it said last: {last[0][:200]})" if last else ""
    return f"the plugin {ending}; in the server, that would stop others{hint}"
