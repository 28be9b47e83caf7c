"""How far a long piece of work is: a bar on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

Say = Callable[[str], None]
Meter = Callable[[float], None]

PATIENCE = 2.0  # seconds before a bar is shown
LINE_EVERY = 10.0  # seconds
POLL_EVERY = 0.5  # seconds
WORTH_WATCHING = 32_000_000  # bytes; what is smaller is over before anybody looks


@contextmanager
def meter(
    words: str, total: float, say: Say, clock: Callable[[], float] = time.monotonic
) -> Iterator[Meter]:
    """A function that is told how many bytes of `total` are done.

    It shows nothing for the first seconds. On a terminal it is then a bar, else a line every ten
    seconds through `say`.
    """
    is_terminal = sys.stderr.isatty()
    show, close = _bar(words, total) if is_terminal else _lines(words, total, say)
    shown = clock()
    wait = PATIENCE if is_terminal else LINE_EVERY

    def done(size: float) -> None:
        nonlocal shown, wait
        if clock() - shown >= wait:
            wait = show(min(size, total))
            shown = clock()

    try:
        yield done
    finally:
        close()


def _lines(words: str, total: float, say: Say) -> tuple[Callable[[float], float], Callable]:
    """Lines: a function that says one and returns the seconds to the next, and one that ends."""

    def show(size: float) -> float:
        say(f"{words}: {size / 1e6:,.0f} of {total / 1e6:,.0f} MB")
        return LINE_EVERY

    return show, lambda: None


def _bar(words: str, total: float) -> tuple[Callable[[float], float], Callable]:
    """A bar: a function that moves it and returns the seconds to the next, and one that ends."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(words), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(words, total=total)

    def show(size: float) -> float:
        bar.start()
        bar.update(task, completed=size)
        return POLL_EVERY

    return show, bar.stop


@contextmanager
def watched(
    con: duckdb.DuckDBPyConnection, done: Meter, before: float, size: float
) -> Iterator[None]:
    """While a query of the connection runs: tells `done` how many of its `size` bytes are done."""
    if size < WORTH_WATCHING:
        yield
        done(before + size)
        return
    over = threading.Event()

    def look() -> None:
        percent = 0.0
        while not over.wait(POLL_EVERY):
            percent = max(percent, con.query_progress())  # DuckDB's estimate may go back
            done(before + size * percent / 100)

    con.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    done(before + size)
