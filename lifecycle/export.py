"""Hand an audience over: the part to contact as a file, the part held out as an experiment.

What is written leaves the warehouse, so it holds ids and no addresses, nobody held out, and nobody
who has withdrawn or asked to be forgotten since the build.
"""

import csv
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from lifecycle.connection import Run, changing, cursor, duckdb_file
from lifecycle.erase import waiting_requests
from lifecycle.errors import UserError
from lifecycle.files import literal
from lifecycle.lock import held
from lifecycle.publish import flush
from lifecycle.summary import tables_in

Say = Callable[[str], None]

CONTACTED, HELD_OUT = "contacted", "holdout"
# A spreadsheet takes a text that begins with one of these for a formula.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
UNFINISHED = ".unfinished"
# Rows of these say whom not to contact.
DECIDING = ("consents", "customers", "erasure_requests", "identity_links", "interactions")
EXPORTS = """
create table if not exists {}.exports (
    export_id varchar(200),
    experiment_id varchar(200),
    audience varchar(100),
    action_code varchar(100),
    offer_type varchar(100),
    channel varchar(100),
    as_of timestamp,
    build_hash varchar(64),
    contact_rows bigint,
    holdout_rows bigint,
    file_hash varchar(64),
    folder varchar(1000),
    exported_at timestamp
)
"""
CONTACTS = """
select
    audiences.customer_id, audiences.contact_id, contacts.email_hash, audiences.channel,
    audiences.action_code, audiences.action_name_en, audiences.action_name_zh,
    audiences.offer_type, audiences.discount_rate, audiences.offer_link, audiences.reason,
    audiences.expires_on, audiences.is_held_out
from {prefix}marts.audiences as audiences
left join {prefix}marts.dim_contacts as contacts on audiences.contact_id = contacts.contact_id
where audiences.audience = {audience}
order by audiences.customer_id
"""
COLUMNS = (
    *("customer_id", "contact_id", "email_hash", "channel"),
    *("action_code", "action_name_en", "action_name_zh", "offer_type"),
    *("discount_rate", "offer_link", "reason", "expires_on"),
)


class Audience(NamedTuple):
    """An audience as a build has it; `members` are rows of COLUMNS and whether held out."""

    name: str
    channel: str | None
    holdout_share: float
    as_of: datetime
    build_hash: str
    window_days: int
    members: list[tuple]

    @property
    def experiment_id(self) -> str:
        """The same for every export of one audience from builds of one instant."""
        return f"audience:{self.name}:{self.as_of:%Y%m%dT%H%M%S}"

    @property
    def contacted(self) -> list[tuple]:
        """The rows of COLUMNS of those to contact."""
        return [row[:-1] for row in self.members if not row[-1]]


def export(
    project: Path,
    audience: str,
    fmt: str = "csv",
    out: Path | None = None,
    target: str | None = None,
    prefix: str = "",
    say: Say = print,
    exported_at: datetime | None = None,
) -> Path | None:
    """Write an audience of the last build into a folder of its own below `out`.

    The folder holds `contacts.<fmt>` and, in `experiment`, the hold-out as three raw tables. Where
    files are loaded (DuckDB) these are loaded at once. The raw table `exports` gets a row. `prefix`
    is the build's schema_prefix. Returns the folder, None when the audience is empty. Raises
    UserError for what the user can mend; then nothing was exported.
    """
    if re.search(r"as_of_\d+_$", prefix):
        raise UserError(
            f"{prefix} is a build of the past, and nobody is contacted for what was so then. "
            "Export from the build of what is known now."
        )
    database = duckdb_file(project, target)
    with cursor(project, target, database) as run:
        chosen = read_audience(run, prefix, audience)
        refuse_what_is_not_built(run, prefix)
        loaded = tables_in(run, f"{prefix}raw")
    if not chosen.members:
        say(f"Nobody is in {audience} as of {chosen.as_of} UTC, so nothing was written.")
        return None
    out = (out or (database.parent if database else project) / f"{prefix}exports").absolute()
    at = exported_at or datetime.now(UTC).replace(tzinfo=None)
    with exclusive(out):
        new = out / UNFINISHED / f"{audience}-{chosen.as_of:%Y%m%dT%H%M%S}"
        file = write_contacts(chosen, new, fmt)
        write_experiment(chosen, new / "experiment")
        is_loaded = database is not None and not prefix and {"customers", "orders"} <= loaded
        if is_loaded:
            from lifecycle.load import load

            load(new / "experiment", database, project, say=lambda line: None)
        folder = out / new.name
        with changing(project, target, database) as run:
            write_log(run, f"{prefix}raw", chosen, file, folder, at)
            place(new, folder)
    held_out = len(chosen.members) - len(chosen.contacted)
    say(
        f"{len(chosen.contacted):,} to contact in {folder / file.name}, {held_out:,} held out. "
        f"Channel, action and reason are beside each; use it until {last_day(chosen)}."
    )
    if last_day(chosen) < at.date():
        say("Warning: that day is over. Load what has happened since, build and export again.")
    if not is_loaded:
        say(
            f"Load {folder / 'experiment'} beside your raw tables, so that later builds know who "
            "was contacted and what it earned."
        )
    return folder


def read_audience(run: Run, prefix: str, name: str) -> Audience:
    """The audience as the last build has it. Raises UserError when there is none of that name."""
    if not {"audiences", "build_manifest"} <= tables_in(run, f"{prefix}marts"):
        raise UserError(f"There is no {prefix}marts.audiences yet. Build first: lifecycle build")
    rules = {
        row[0]: row[1:]
        for row in run(f"select audience, channel, holdout_share from {prefix}rules.audience_rules")
    }
    if name not in rules:
        near = get_close_matches(name, rules, n=3, cutoff=0.4) or sorted(rules)
        raise UserError(
            f"There is no audience {name}. Is it {' or '.join(near)}? All are in "
            "seeds/rules/audience_rules.csv."
        )
    as_of, *build = run(
        f"select as_of, rule_hash, campaign_window_days from {prefix}marts.build_manifest"
    )[0]
    stands_at = run(f"select distinct as_of from {prefix}marts.audiences")
    if stands_at and stands_at != [(as_of,)]:
        raise UserError(
            f"{prefix}marts.audiences stands at another as_of than build_manifest: the last build "
            "did not finish. Build again: lifecycle build"
        )
    members = run(CONTACTS.format(prefix=prefix, audience=literal(name)))
    channel, share = rules[name]
    return Audience(name, channel, float(share), as_of, *build, members)


def refuse_what_is_not_built(run: Run, prefix: str) -> None:
    """Raise UserError when rows have come since the build that may say whom not to contact."""
    tables = tables_in(run, f"{prefix}raw")
    if "loads" in tables and "completed_run" in tables_in(run, f"{prefix}changes"):
        known = ", ".join(map(literal, DECIDING))
        new = run(
            f"select distinct table_name from {prefix}raw.loads as loads"
            f" where row_count > 0 and table_name in ({known}) and not exists ("
            f"select 1 from {prefix}changes.completed_run as done where done.kind = 'load'"
            " and done.name = loads.table_name and done.load_id = loads.load_id)"
            " order by table_name"
        )
        if new:
            raise UserError(
                f"Rows of {', '.join(row[0] for row in new)} were loaded since the build; they may "
                "say who is not to be contacted. Build first: lifecycle build"
            )
    if "customers" in tables and waiting_requests(run, f"{prefix}raw"):
        raise UserError(
            f"{prefix}raw.erasure_requests has requests that are not carried out. Build first: "
            "lifecycle build. Those in quarantined_rows have to be mended before."
        )


# Files


@contextmanager
def exclusive(out: Path) -> Iterator[None]:
    """Be the only export to `out`; what a killed one left is cleared, before and after."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file. Give a folder.")
    out.mkdir(parents=True, exist_ok=True)
    with held(out / ".lock", f"Another export to {out} is at work. Try again when it is done."):
        shutil.rmtree(out / UNFINISHED, ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(out / UNFINISHED, ignore_errors=True)


def write_contacts(audience: Audience, folder: Path, fmt: str) -> Path:
    """Write those to contact, as CSV or Parquet; returns the file."""
    folder.mkdir(parents=True)
    file = folder / f"contacts.{fmt}"
    names = [*COLUMNS, "experiment_id"]
    rows = [(*row, audience.experiment_id) for row in audience.contacted]
    if fmt == "parquet":
        import pyarrow as pa

        types = {"discount_rate": pa.decimal128(18, 6), "expires_on": pa.date32()}
        write_parquet(file, {name: types.get(name, pa.string()) for name in names}, rows)
        return file
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([harmless(value) for value in row] for row in rows)
    return file


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: an apostrophe says that it is a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def write_experiment(audience: Audience, folder: Path) -> None:
    """Write the hold-out as rows of experiments, experiment_variants, experiment_assignments.

    They are Parquet: read by `lifecycle load`, opened by no spreadsheet.
    """
    import pyarrow as pa

    folder.mkdir()
    text, moment = pa.string(), pa.timestamp("us")
    own, at, days = audience.experiment_id, audience.as_of, audience.window_days
    write_parquet(
        folder / "experiments.parquet",
        {
            **dict.fromkeys(("experiment_id", "factor", "control_variant", "primary_metric"), text),
            **dict.fromkeys(("starts_at", "ends_at"), moment),
            "planned_sample": pa.int64(),
        },
        [
            (
                *(own, "offer", HELD_OUT, f"order_within_{days}_days"),
                *(at, at + timedelta(days=days), len(audience.members)),
            )
        ],
    )
    share = audience.holdout_share
    write_parquet(
        folder / "experiment_variants.parquet",
        {"experiment_id": text, "variant": text, "expected_share": pa.float64()},
        [(own, HELD_OUT, share), (own, CONTACTED, round(1 - share, 4))],
    )
    write_parquet(
        folder / "experiment_assignments.parquet",
        {
            **dict.fromkeys(("experiment_id", "variant", "customer_id", "anonymous_id"), text),
            **dict.fromkeys(("assigned_at", "exposed_at"), moment),
        },
        [
            (own, HELD_OUT if is_held_out else CONTACTED, contact_id, None, at, at)
            for _, contact_id, *_, is_held_out in audience.members
        ],
    )


def write_parquet(file: Path, schema: dict[str, Any], rows: list[tuple]) -> None:
    """Write rows in the order of the schema's columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(c, t) for c, t in zip(columns, schema.values(), strict=True)]
    pq.write_table(pa.table(arrays, names=list(schema)), file)


def place(new: Path, folder: Path) -> None:
    """Give a written folder its place in one step, once all of it is on the disk."""
    for path in [*new.rglob("*"), new]:
        flush(path)
    if folder.exists():  # an earlier export of the same build
        folder.rename(new.parent / "earlier")
    new.rename(folder)
    flush(folder.parent)


# The log


def write_log(
    run: Run, raw: str, audience: Audience, file: Path, folder: Path, at: datetime
) -> None:
    """A row in `exports` that says what was exported, and nothing of whom."""
    if not run(f"select 1 from information_schema.schemata where schema_name = {literal(raw)}"):
        run(f"create schema {raw}")
    run(EXPORTS.format(raw))
    first = audience.members[0]
    values = [
        f"{audience.experiment_id}:{at:%Y%m%dT%H%M%S%f}",
        audience.experiment_id,
        audience.name,
        first[COLUMNS.index("action_code")],
        first[COLUMNS.index("offer_type")],
        audience.channel,
        audience.as_of,
        audience.build_hash,
        len(audience.contacted),
        len(audience.members) - len(audience.contacted),
        hashlib.sha256(file.read_bytes()).hexdigest(),
        folder,
        at,
    ]
    said = ", ".join("null" if value is None else literal(value) for value in values)
    run(f"insert into {raw}.exports values ({said})")


def last_day(audience: Audience) -> date:
    """The day on which the audience expires."""
    return min(row[COLUMNS.index("expires_on")] for row in audience.members)


# After an erasure


def exported_folders(run: Run, raw: str) -> list[Path]:
    """The folders of the log that are still there."""
    if "exports" not in tables_in(run, raw):
        return []
    rows = run(f"select distinct folder from {raw}.exports order by folder")
    return [folder for row in rows if (folder := Path(row[0])).is_dir()]
