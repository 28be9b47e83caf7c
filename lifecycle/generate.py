"""`lifecycle generate`: a made-up company of any size, with the truth behind it.

The model is described in docs/generator.md. The company is simulated in blocks of
`BLOCK` customers, each from a random stream of its own, so that memory stays bounded and the
rows depend on (customers, days, seed, start) alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lifecycle.errors import UserError
from lifecycle.generator import schema
from lifecycle.generator.company import build_company, company_tables
from lifecycle.generator.dirty import dirty_rows
from lifecycle.generator.tables import Tally, block_tables, truth_about_effects

BLOCK = 10_000  # customers; a multiple of the group of 40 that accounts are formed in
MOST_CUSTOMERS = 9_999_999  # keys have seven digits
SAMPLE = {"customers": 240, "days": 730, "seed": 11, "order_pace": 0.6, "touch_pace": 0.6}


def generate(
    customers: int,
    days: int,
    seed: int,
    out: Path,
    fmt: str = "csv",
    start: date = date(2023, 1, 1),
    dirty: bool = False,
) -> dict[str, int]:
    """Write every raw table and truth file of a made-up company to `out`.

    customers: rows of distinct customer ids (persons and B2B contacts), 1 to 9,999,999.
    days: business days from `start` (Europe/Berlin). seed: 0 or more; same arguments, same rows.
    fmt: "csv" or "parquet", one file per table. dirty: add rows with faults on purpose (CSV).
    Returns rows per table. Raises UserError for arguments outside these bounds.
    """
    return _write(customers, days, seed, Path(out), fmt, start, dirty)


def sample(out: Path) -> dict[str, int]:
    """Write the sample company as the seeds `sample_<table>.csv` (raw tables, dirty rows)."""
    out = Path(out)
    return _write(
        SAMPLE["customers"],
        SAMPLE["days"],
        SAMPLE["seed"],
        out,
        "csv",
        date(2023, 1, 1),
        True,
        order_pace=SAMPLE["order_pace"],
        touch_pace=SAMPLE["touch_pace"],
        tables=tuple(schema.RAW_SCHEMAS),
        prefix="sample_",
    )


def _write(
    customers: int,
    days: int,
    seed: int,
    out: Path,
    fmt: str,
    start: date,
    dirty: bool,
    *,
    order_pace: float = 1.0,
    touch_pace: float = 1.0,
    tables: tuple[str, ...] = tuple(schema.SCHEMAS),
    prefix: str = "",
) -> dict[str, int]:
    _check(customers, days, seed, out, fmt, dirty)
    company = build_company(customers, days, seed, start, order_pace, touch_pace)
    jobs = [
        (company, number, first, min(BLOCK, customers - first))
        for number, first in enumerate(range(0, customers, BLOCK))
    ]
    out.mkdir(parents=True, exist_ok=True)
    count = dict.fromkeys(tables, 0)
    total: Tally | None = None
    with ExitStack() as stack:
        opener = _parquet_writer if fmt == "parquet" else _csv_writer
        writers = {t: opener(stack, out / f"{prefix}{t}.{fmt}", schema.SCHEMAS[t]) for t in tables}

        def put(found: dict[str, pa.Table]) -> None:
            for name, table in found.items():
                if name in writers and len(table):
                    writers[name](table)
                    count[name] += len(table)

        shared = company_tables(company)
        put(shared)
        head = dict(shared)
        for block, tally in _blocks(jobs):
            put(block)
            if total is None:
                head |= {name: table.slice(0, 400) for name, table in block.items()}
            total = tally if total is None else _add(total, tally)
        put(truth_about_effects(company, total))
        if dirty:
            added = dirty_rows(company, head)
            put({name: table for name, table in added.items() if name in writers})
    return count


def _check(customers: int, days: int, seed: int, out: Path, fmt: str, dirty: bool) -> None:
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise UserError(f"customers is {customers}. Give a number from 1 to {MOST_CUSTOMERS}.")
    if days < 1:
        raise UserError(f"days is {days}. Give 1 or more.")
    if seed < 0:
        raise UserError(f"seed is {seed}. Give 0 or more.")
    if fmt not in ("csv", "parquet"):
        raise UserError(f"format is {fmt!r}. Give csv or parquet.")
    if dirty and fmt != "csv":
        raise UserError("Dirty rows hold text that no typed column can. Use format csv with them.")
    other = "parquet" if fmt == "csv" else "csv"
    if (out / f"orders.{other}").exists():
        raise UserError(f"{out} already holds a company as {other}. Choose another folder.")


def _blocks(jobs: list[tuple]) -> Iterator[tuple[dict[str, pa.Table], Tally]]:
    """Blocks in order; the next one is simulated while the caller writes this one."""
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(block_tables, *jobs[0])
        for following in [*jobs[1:], None]:
            block = ahead.result()
            if following is not None:
                ahead = pool.submit(block_tables, *following)
            yield block


def _add(one: Tally, other: Tally) -> Tally:
    return Tally(**{name: value + getattr(other, name) for name, value in vars(one).items()})


def _parquet_writer(stack: ExitStack, path: Path, kinds: pa.Schema) -> Callable[[pa.Table], None]:
    """Rows as plain text, timestamps, decimals and flags; one row group per call."""
    writer: list[pq.ParquetWriter] = []

    def put(table: pa.Table) -> None:
        if not writer:
            opened = pq.ParquetWriter(path, table.schema, compression="zstd", store_schema=False)
            writer.append(stack.enter_context(opened))
        writer[0].write_table(table)

    def finish() -> None:
        if not writer:
            pq.write_table(kinds.empty_table(), path, store_schema=False)

    stack.callback(finish)
    return put


def _csv_writer(stack: ExitStack, path: Path, kinds: pa.Schema) -> Callable[[pa.Table], None]:
    """UTF-8, comma, quotes where needed, NULL as nothing, times to the second."""
    file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(kinds.names)

    def put(table: pa.Table) -> None:
        writer.writerows(zip(*(schema.as_text(column) for column in table.columns), strict=True))

    return put
