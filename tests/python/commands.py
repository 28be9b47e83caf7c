"""Commands in processes that begin with dbt imported, and find what it parsed before.

Importing dbt and letting it parse the project take longer than most runs here.
"""

from __future__ import annotations

import atexit
import functools
import gc
import hashlib
import marshal
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from dbt.contracts.graph.manifest import ManifestStateCheck
    from dbt.parser.manifest import ManifestLoader

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["lifecycle.cli", "lifecycle.build", "begun"])

# Files of what a command says.
SAID = ("said.txt", "errors.txt")
# The variable that names the folder of what was parsed.
PARSED = "LIFECYCLE_TESTS_PARSED"
# What decides which models there are, and where. The other variables only stand in their SQL.
DECIDING = {"use_sample", "as_of", "schema_prefix", "raw_schema", "snapshot_customers"}


def run_command(
    program: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``dbt`` or ``lifecycle`` in a process of its own: what it said, and its code."""
    with tempfile.TemporaryDirectory(prefix="lifecycle-said-") as name:
        folder = Path(name)
        process = start_command(program, words, cwd, environment, folder)
        process.join()
        return subprocess.CompletedProcess([program, *words], process.exitcode, *said(folder))


def start_command(
    program: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str], folder: Path
) -> BaseProcess:
    """Start ``dbt`` or ``lifecycle`` in a process of its own; what it says is in `folder`."""
    _begin()
    parsed = Path(os.environ[PARSED])
    process = CONTEXT.Process(
        target=_main, args=(program, list(words), cwd, dict(environment), parsed, folder)
    )
    process.start()
    return process


def said(folder: Path) -> list[str]:
    """Output and errors of a command that was started with this folder."""
    return [Path(folder, name).read_text("utf-8") for name in SAID]


def keep_what_is_parsed(folder: Path) -> None:
    """Let dbt find there what it parsed of the same project, for all tests.

    By itself it keeps that of the last run alone, in the folder of that run, and parses everything
    anew for another database and for any other variable, though no model asks where it is, and few
    ask for a variable before they are run.
    """
    from dbt.contracts.files import FileHash
    from dbt.parser.manifest import ManifestLoader

    check = ManifestLoader.build_manifest_state_check
    read = ManifestLoader.read_manifest_for_partial_parse
    write = ManifestLoader.write_manifest_for_partial_parse

    def check_what_decides(loader: ManifestLoader) -> ManifestStateCheck:
        project = loader.root_project
        connection = dict(project.credentials.connection_info())
        for name in ("path", "database", "host", "port"):
            connection.pop(name, None)
        state = check(loader)
        state.profile_hash = FileHash.from_contents(repr(sorted(connection.items())))
        given = deciding(project.vars.to_dict() | dict(project.cli_vars))
        state.vars_hash = FileHash.from_contents(repr((given, project.target_name)))
        return state

    def places(loader: ManifestLoader) -> tuple[Path, Path]:
        depends_on = (
            loader.root_project.project_root,
            os.environ.get("LIFECYCLE_PII_SALT"),
            sorted(loader.manifest.state_check.to_dict().items()),
        )
        kept = folder / hashlib.md5(repr(depends_on).encode()).hexdigest()
        kept = kept / loader.root_project.credentials.database
        return kept, Path(loader.root_project.project_target_path, "partial_parse.msgpack")

    def read_kept(loader: ManifestLoader) -> object:
        kept, own = places(loader)
        if kept.exists():
            found = kept.read_bytes()
        else:
            # The same for another database; or of the last run, of which dbt may still use a part.
            others = [*sorted(kept.parent.glob("*")), own]
            found = next(
                (for_database(o.read_bytes(), kept.name) for o in others if o.exists()), None
            )
        if found:
            _write_whole(own, found)
        return read(loader)

    def write_kept(loader: ManifestLoader) -> None:
        write(loader)
        kept, own = places(loader)
        _write_whole(kept, own.read_bytes())

    ManifestLoader.build_manifest_state_check = check_what_decides
    ManifestLoader.read_manifest_for_partial_parse = read_kept
    ManifestLoader.write_manifest_for_partial_parse = write_kept


def for_database(parsed: bytes, name: str) -> bytes:
    """What dbt parsed for one database, as it would be for another."""
    try:
        manifest = msgpack.unpackb(parsed, strict_map_key=False)
    except ValueError:  # half written by a run that was killed: dbt will say so, and parse anew
        return parsed
    database = next((node["database"] for node in manifest["nodes"].values()), name)

    def walk(found: object) -> None:
        for value in found.values() if isinstance(found, dict) else found:
            if isinstance(value, dict | list):
                walk(value)
        if isinstance(found, dict) and found.get("database") == database:
            found["database"] = name
            relation = found.get("relation_name")
            if relation:
                found["relation_name"] = relation.replace(f'"{database}".', f'"{name}".', 1)

    if database != name:
        walk(manifest)
    return msgpack.packb(manifest)


def keep_what_is_compiled(folder: Path) -> None:
    """Let Jinja find there the code it made of the same templates, for all tests.

    The macros and models are hundreds of templates, which each process compiles anew: a seventh of
    a run.
    """
    from jinja2 import Environment

    file = folder / "templates"
    kept = marshal.loads(file.read_bytes()) if file.exists() else {}
    known = len(kept)
    compiled = Environment.compile

    def compile_once(environment: Environment, source: object, *given: Any, **named: Any) -> object:
        if given or named or not isinstance(source, str):
            return compiled(environment, source, *given, **named)
        key = (type(environment).__name__, *sorted(environment.extensions), source)
        if key not in kept:
            kept[key] = compiled(environment, source)
        return kept[key]

    def write() -> None:
        if len(kept) > known:
            _write_whole(file, marshal.dumps(kept))

    Environment.compile = compile_once
    atexit.register(write)


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file that others may be reading or writing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # Not in the folder itself, whose files others look through.
    with tempfile.NamedTemporaryFile(dir=file.parent.parent, delete=False) as half:
        half.write(content)
    Path(half.name).rename(file)


def deciding(variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What parsing depends on: variables that decide, and the kinds of values of the others."""
    return sorted(
        (name, value if name in DECIDING else type(value).__name__)
        for name, value in variables.items()
    )


def _write_artifacts_at_the_end_alone() -> None:
    """Not also when parsing is done: what comes at the end is the same and more."""
    from dbt.cli import requires

    parse = requires.parse_manifest
    # The fourth argument is whether they are written.
    requires.parse_manifest = lambda *given: parse(*given[:3], False, *given[4:])


def _leave_out_what_a_debug_log_would_say() -> None:
    """What an adapter tells of every statement is a sixth of a run, and nothing else reads it."""
    from dbt.adapters.events.base_types import DebugLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event

    def fire_what_is_heard(manager: EventManager, e: object, *given: Any, **named: Any) -> None:
        if not isinstance(e, DebugLevel):
            fire(manager, e, *given, **named)

    DebugLevel.__init__ = lambda event, **fields: None
    EventManager.fire_event = fire_what_is_heard


def _make_testers_of_types_once() -> None:
    """The answer to every statement is asked for its types, by a tester that takes long to make."""
    from dbt_common.clients import agate_helper

    make = functools.cache(agate_helper.build_type_tester)
    agate_helper.build_type_tester = lambda text_columns, string_null_values=("null", ""): make(
        tuple(text_columns), tuple(string_null_values)
    )


def _begin() -> None:
    """Start what processes are forked from, unless it is there."""
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parent), path]))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if path is not None:
            os.environ["PYTHONPATH"] = path


def _main(
    program: str,
    words: list[str],
    cwd: Path,
    environment: dict[str, str],
    parsed: Path,
    folder: Path,
) -> None:
    out, err = (folder / name for name in SAID)
    for number, file, mode in [(0, Path(os.devnull), "r"), (1, out, "w"), (2, err, "w")]:
        with file.open(mode) as opened:
            os.dup2(opened.fileno(), number)
    gc.disable()  # a fifth of a command, which does not live long enough to need it
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program, *words]
    keep_what_is_parsed(parsed)
    keep_what_is_compiled(parsed)
    if environment.get("DBT_LOG_LEVEL_FILE") == "none":
        _leave_out_what_a_debug_log_would_say()
    _make_testers_of_types_once()
    if "parse" not in words:
        _write_artifacts_at_the_end_alone()
    try:
        if program == "dbt":
            from dbt.cli.main import cli

            cli()
        else:
            from lifecycle.cli import main

            main()
    finally:
        # A forked process leaves out what is to be done at an exit.
        atexit._run_exitfuncs()
        database = Path(environment.get("LIFECYCLE_DUCKDB") or "lifecycle.duckdb")
        if Path(f"{database}.wal").exists():
            # Somebody has left it open, and its last changes are in the file beside it.
            gc.collect()
