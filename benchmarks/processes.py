"""Child processes that are timed, weighed and, if asked, stopped.

The operating system counts a child's peak memory from the moment it is forked, when it still is
a copy of its parent: this process must stay small, so all work with data is in children.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

GIGABYTE = 1024**3
PAUSE = 0.05  # seconds between looks at a child


class Cost(NamedTuple):
    """What a process cost."""

    seconds: float
    peak_megabytes: float
    said: str
    died: str | None = None  # why it did not finish


def run(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    gigabytes: float | None = None,
    minutes: float | None = None,
    may_die: bool = False,
) -> Cost:
    """Run a command in `folder`; beyond the given memory or time it is killed.

    A process that may die for want of memory says so in `died`; any other failure ends the
    benchmark with what the process said.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        died = None
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            seconds = time.perf_counter() - start
            if pid:
                break
            if died is None:
                if minutes and seconds > minutes * 60:
                    died = f"stopped after {minutes:g} min"
                elif gigabytes and resident_bytes(child.pid) > gigabytes * GIGABYTE:
                    died = f"out of memory: more than {gigabytes:g} GB"
                if died:
                    child.kill()
            time.sleep(PAUSE)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
    if child.returncode and died is None:
        if may_die and ran_out_of_memory(child.returncode, text):
            died = "out of memory"
        else:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{text[-6000:]}")
    # Linux counts in kilobytes, macOS in bytes.
    megabytes = usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    return Cost(seconds, megabytes, text, died)


def resident_bytes(pid: int) -> int:
    """Memory a process holds now; 0 where the system does not say (then nothing is limited)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def ran_out_of_memory(code: int, said: str) -> bool:
    """Whether a process failed for want of memory (or disk for what did not fit into it)."""
    words = ("OutOfMemoryException", "MemoryError", "ArrowMemoryError", "Out of Memory Error")
    return code == -9 or any(word in said for word in words)
