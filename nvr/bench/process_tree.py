"""What a tree of processes has cost, from /proc: all of it, the dead included."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU so far, user and system together, and memory at this moment."""

    cpu_ms: float
    rss_bytes: int  # pages that processes share count for each
    pss_bytes: int  # shared pages are divided among those who share them


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    cpu_ms: float  # with that of children that are gone and were waited for


def cost_of(roots: list[int]) -> Cost:
    """Of these processes and all their descendants."""
    processes = _all_processes()
    members = [pid for pid in processes if _descends(pid, set(roots), processes)]
    return Cost(
        sum(processes[pid].cpu_ms for pid in members),
        sum(_memory(pid, "status", "VmRSS:") for pid in members),
        sum(_memory(pid, "smaps_rollup", "Pss:") for pid in members),
    )


def machine_busy_ms() -> float:
    """What all cores did since the start of the machine, kernel threads included."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, *_ = map(int, fields)
    return (user + nice + system + irq + softirq) * _TICK_MS


def _all_processes() -> dict[int, _Process]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue  # gone since the listing
            # The name in brackets may hold spaces; what follows does not.
            fields = stat.rpartition(")")[2].split()
            ticks = sum(map(int, fields[11:15]))
            found[int(entry.name)] = _Process(int(fields[1]), ticks * _TICK_MS)
    return found


def _descends(pid: int, roots: set[int], processes: dict[int, _Process]) -> bool:
    while pid in processes:
        if pid in roots:
            return True
        pid = processes[pid].parent
    return False


def _memory(pid: int, file: str, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0
