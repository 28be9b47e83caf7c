"""What the checks found: lines for the terminal, JSON, JUnit XML, and Data Docs that open offline.

No value of any row is in the results (see `engine`); names that come from files are escaped.
"""

import html
import json
import re
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from lifecycle.gate.engine import Result

ASSETS = Path(__file__).parent / "assets"
VENDORED = ("bootstrap.min.css", "gate.css", "jquery.min.js", "bootstrap.bundle.min.js")
KEPT = ("favicon.ico", "logo-long.png")

BAD = ("failed", "error")
ORDER = ("failed", "error", "warning", "info", "passed")
WORDS = {"failed": "Failed", "error": "Not checked", "warning": "Warning", "info": "Note"}
COUNTED = {"failed": "failure", "error": "check not made", "warning": "warning", "info": "note"}
QUIRKS = "quirks"


class Report(NamedTuple):
    """Everything one command found. Whoever has no quirks or notes gives none."""

    title: str
    at: datetime
    results: list[Result]
    notes: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether nothing failed; warnings do not count."""
        return not any(result.status in BAD for result in self.results)


def lines(report: Report) -> list[str]:
    """The report for a terminal: what is wrong, worst first, then quirks, notes and the count."""
    said = [sentence(result) for result in by_weight(report.results) if result.status != "passed"]
    quirks = [result for result in report.results if result.suite == QUIRKS]
    if quirks:
        said.append("Known quirks of this source:")
        said += [f"{printable(q.observed):>12}  {printable(q.says)}" for q in quirks]
    return [*said, *map(printable, report.notes), summary(report)]


def summary(report: Report) -> str:
    """How many checks there were and how they ended, in one line."""
    total = sum(result.suite != QUIRKS for result in report.results)
    words = [
        plural(count, COUNTED[status])
        for status, count in counts(report.results).items()
        if count and status != "passed"
    ]
    outcome = "passed" if report.has_passed else "failed"
    return f"{report.title}: {outcome}. {', '.join([plural(total, 'check'), *words])}."


def plural(count: int, word: str) -> str:
    """A number with its word: 1 warning, 2 warnings, 2 checks not made."""
    if count != 1:
        word = word.replace("check", "checks", 1) if word.startswith("check") else f"{word}s"
    return f"{count:,} {word}"


def counts(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each status, quirks left out."""
    found = [result.status for result in results if result.suite != QUIRKS]
    return {status: found.count(status) for status in ORDER}


def by_weight(results: Iterable[Result]) -> list[Result]:
    """The worst first, otherwise as they came."""
    return sorted(results, key=lambda result: ORDER.index(result.status))


def sentence(result: Result) -> str:
    """One result as a line: where, what is wrong, how much of it, what to do."""
    word = WORDS.get(result.status, "Passed")
    what = found(result)
    is_named = not result.place or result.place in what
    place = result.suite if is_named else f"{result.suite}.{result.place}"
    return printable(" ".join(filter(None, (f"{word}: {place}: {what}.", result.advice))))


def found(result: Result) -> str:
    """What was found, without a full stop: the fault with its rows, names or figure."""
    if result.status == "error":
        return f"{result.says} – this could not be checked ({result.observed.rstrip('.')})"
    said = result.says if result.status == "passed" else result.fault
    if result.names:
        more = (result.rows or 0) - len(result.names)
        return f"{said}: {', '.join(result.names)}{f' and {more} more' if more > 0 else ''}"
    if result.rows is not None and result.of is not None:
        return f"{said} ({result.rows:,} of {result.of:,} rows)"
    return f"{said} (found: {result.observed})" if result.observed else said


def printable(text: str) -> str:
    """Text in which nothing can move a cursor or end a line: names of columns come from files."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def write(report: Report, folder: Path, docs: Path | None = None) -> None:
    """Write results.json, junit.xml and, from the raw `docs` of the engine, data_docs.

    An earlier report in the folder is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(as_json(report), "utf-8")
    (folder / "junit.xml").write_text(as_junit(report), "utf-8")
    target = folder / "data_docs"
    shutil.rmtree(target, ignore_errors=True)
    if docs is not None and docs.exists():
        make_offline(docs, report)
        shutil.move(docs, target)


def as_json(report: Report) -> str:
    """The report as JSON: the same findings give the same text."""
    content = {
        "title": report.title,
        "checked_at": report.at.isoformat(),
        "passed": report.has_passed,
        "counts": counts(report.results),
        "notes": list(report.notes),
        "results": [result._asdict() for result in report.results],
    }
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def as_junit(report: Report) -> str:
    """The report as JUnit XML: a test case per expectation; a warning passes and says so."""
    root = ElementTree.Element("testsuites", name=in_xml(report.title))
    for name in dict.fromkeys(result.suite for result in report.results):
        own = [result for result in report.results if result.suite == name]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(own)),
            failures=str(sum(result.status == "failed" for result in own)),
            errors=str(sum(result.status == "error" for result in own)),
            timestamp=report.at.isoformat(),
        )
        for result in own:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"gate.{name}",
                name=in_xml(f"{result.place}: {result.says}" if result.place else result.says),
            )
            if result.status in BAD:
                kind = "failure" if result.status == "failed" else "error"
                told = in_xml(sentence(result))
                ElementTree.SubElement(case, kind, type=result.rule, message=told)
            elif result.status != "passed":
                ElementTree.SubElement(case, "system-out").text = in_xml(sentence(result))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def in_xml(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold, not even escaped."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", printable(text))


def make_offline(docs: Path, report: Report) -> None:
    """Make Data Docs open without a network: local styles and scripts, and a front page of ours.

    The front page that Great Expectations writes calls a suite failed when a warning was given.
    """
    static = docs / "static"
    for folder in ("styles", "fonts"):
        shutil.rmtree(static / folder, ignore_errors=True)
    for file in (static / "images").iterdir():
        if file.name not in KEPT:
            file.unlink()
    for name in (*VENDORED, "NOTICE.md"):
        shutil.copyfile(ASSETS / name, static / name)
    failed = {result.suite for result in report.results if result.status in BAD}
    for page in docs.rglob("*.html"):
        up = "../" * (len(page.relative_to(docs).parts) - 1)
        is_failed = bool(failed & set(page.relative_to(docs).parts))
        page.write_text(offline_page(page.read_text("utf-8"), up, is_failed), "utf-8")
    (docs / "index.html").write_text(front_page(docs, report), "utf-8")


def offline_page(page: str, up: str, is_failed: bool) -> str:
    """A page of Data Docs that asks no host for anything; `up` leads to the top folder."""
    page = re.sub(r"<script[^>]*\bsrc=[\"']https?://[^>]*>\s*</script>", "", page)
    page = re.sub(r"<link\b[^>]*>", "", page)
    page = re.sub(r"<footer>.*?</footer>", "", page, flags=re.DOTALL)
    page = re.sub(r"url\(['\"]?https?://[^)]*\)", "none", page)
    page = re.sub(r"\bsrc=\"https?://[^\"]*\"", f'src="{up}static/images/logo-long.png"', page)
    # The dark look is a style sheet that is not here.
    page = page.replace("(prefers-color-scheme: dark)", "not all")
    page = page.replace("<html>", '<html lang="en">', 1).replace("<title></title>", "", 1)
    if not is_failed:
        # Only expectations of severity warning or info were not met: the gate lets them pass.
        page = re.sub(
            r'<i class="fas fa-times text-danger" aria-hidden="true"></i>\s*Failed',
            '<i class="fas fa-exclamation-triangle text-warning" aria-hidden="true"></i>'
            " Passed, with warnings",
            page,
        )
    return page.replace("</head>", f"{head_tags(up)}</head>", 1)


def head_tags(up: str) -> str:
    """The tags that load what is vendored."""
    tags = [f'<link rel="icon" href="{up}static/images/favicon.ico">']
    for name in VENDORED:
        if name.endswith(".css"):
            tags.append(f'<link rel="stylesheet" href="{up}static/{name}">')
        else:
            tags.append(f'<script src="{up}static/{name}"></script>')
    return "\n".join(tags) + "\n"


def front_page(docs: Path, report: Report) -> str:
    """The first page: the verdict, what is wrong and what to do, and a link per suite."""
    pages = {
        page.relative_to(docs).parts[1]: page.relative_to(docs).as_posix()
        for page in sorted((docs / "validations").rglob("*.html"))
    }
    wrong = [result for result in by_weight(report.results) if result.status != "passed"]
    quirks = [result for result in report.results if result.suite == QUIRKS]
    suites = dict.fromkeys(result.suite for result in report.results if result.suite != QUIRKS)
    parts = [
        f"<h1>{html.escape(report.title)}</h1>",
        f'<p class="lead {"text-success" if report.has_passed else "text-danger"}">'
        f"{html.escape(summary(report))}</p>",
        f"<p>Checked at {report.at:%Y-%m-%d %H:%M:%S} UTC.</p>",
        table(
            "What to look at",
            ("", "Table", "Column", "What was found", "What to do"),
            [
                (WORDS[r.status], link(r.suite, pages), r.place, found(r), r.advice, r.status)
                for r in wrong
            ],
        ),
        table(
            "Known quirks of this source",
            ("Rows", "Quirk"),
            [(r.observed, r.says, "") for r in quirks],
        ),
        table(
            "Notes",
            ("Note",),
            [(note, "") for note in report.notes],
        ),
        table(
            "All checks",
            ("Table", "Passed", "Notes", "Warnings", "Failed"),
            [(link(suite, pages), *suite_row(suite, report.results), "") for suite in suites],
        ),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="UTF-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(report.title)}</title>\n{head_tags('')}</head>\n"
        f'<body>\n<main class="container py-4">\n{"".join(parts)}</main>\n</body>\n</html>\n'
    )


def suite_row(suite: str, results: list[Result]) -> tuple[str, str, str, str]:
    """The counts of one suite: passed, notes, warnings, failed or not checked."""
    own = counts(result for result in results if result.suite == suite)
    bad = own["failed"] + own["error"]
    return str(own["passed"]), str(own["info"]), str(own["warning"]), str(bad)


class Link(NamedTuple):
    """A cell that leads somewhere."""

    text: str
    href: str


def link(suite: str, pages: dict[str, str]) -> Link | str:
    """The suite's name with the page where all its expectations are."""
    return Link(suite, pages[suite]) if suite in pages else suite


def table(title: str, heads: tuple[str, ...], rows: list[tuple]) -> str:
    """A table as HTML, '' when it has no rows; the last item of a row is its status."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "".join(
        f'<tr class="gate-{row[-1] or "plain"}">{"".join(map(cell, row[:-1]))}</tr>' for row in rows
    )
    return (
        f"<h2>{html.escape(title)}</h2>\n"
        f'<table class="table table-sm"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table>\n"
    )


def cell(content: Link | str) -> str:
    """One cell, escaped."""
    if isinstance(content, Link):
        href = html.escape(content.href, quote=True)
        return f'<td><a href="{href}">{html.escape(content.text)}</a></td>'
    return f"<td>{html.escape(printable(content))}</td>"
