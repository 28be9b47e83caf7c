"""The gate: suites, reports and publications, on small hand-written rows."""

import json
import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.dialects import registry
from sqlalchemy.exc import DBAPIError
from warehouse import run_dbt, write_raw

from lifecycle.contract import read_landed
from lifecycle.gate import contract, engine, report
from lifecycle.gate.contract import Arrived, History
from lifecycle.gate.published import check_publication, read_promises

NOON = datetime(2025, 1, 10, 12)
ADDRESS = "anna.secret@example.org"


def check(rule: str, column: str, severity: str = engine.WARNING, **args: object) -> engine.Check:
    """A check on one column."""
    return engine.Check(
        rule, {"column": column, **args}, severity, f"{column} is well", f"{column} is not well"
    )


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file with three people, one of whom has an address where a number should be."""
    database = tmp_path / "people.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create table person (id varchar, age varchar, born timestamp)")
        con.execute(
            "insert into person values ('1', '30', '1990-01-01'), (?, ?, '1991-01-01'),"
            " (null, '50', null)",
            [ADDRESS, ADDRESS],
        )
    return database


# The engine


def test_counts_without_values(people: Path, tmp_path: Path) -> None:
    suite = engine.Suite(
        "person",
        "select * from people.person",
        [
            check("ExpectColumnValuesToNotBeNull", "id"),
            check("ExpectColumnValuesToBeInSet", "age", engine.CRITICAL, value_set=["30", "50"]),
            check("ExpectColumnMaxToBeBetween", "born", engine.INFO, min_value=NOON),
            check("ExpectColumnValuesToBeUnique", "id"),
        ],
    )
    docs = tmp_path / "docs"
    results = engine.run([suite], {"people": people}, docs, NOON)
    assert [result.status for result in results] == ["warning", "failed", "info", "passed"]
    assert [result.rows for result in results] == [1, 1, None, 0]
    assert results[2].observed == "1991-01-01 00:00:00"
    report.write(report.Report("Check", NOON, results), tmp_path / "report")
    pages = [page.read_text("utf-8") for page in docs.rglob("*.html") if "index" not in page.name]
    assert any("values found" in page for page in pages)
    texts = [file.read_text("utf-8") for file in (tmp_path / "report").iterdir()]
    assert len(texts) == 2
    assert not [text for text in texts + lines_of(results) if ADDRESS in text]


def lines_of(results: list[engine.Result]) -> list[str]:
    """The report as it is said."""
    return report.lines(report.Report("Check", NOON, results))


def test_pages_hold_no_value(people: Path, tmp_path: Path) -> None:
    suite = engine.Suite(
        "person",
        "select * from people.person",
        [
            check("ExpectColumnValuesToBeInSet", "age", value_set=["30", "50"]),
            check("ExpectColumnValuesToBeUnique", "age"),
            check("ExpectColumnValuesToNotBeInSet", "id", value_set=[ADDRESS[:3]]),
        ],
    )
    docs = tmp_path / "docs"
    engine.run([suite], {"people": people}, docs, NOON)
    pages = [page.read_text("utf-8") for page in docs.rglob("*.html")]
    assert pages
    assert not [page for page in pages if ADDRESS in page or "anna" in page]


def test_a_check_that_cannot_run_fails_and_quotes_nothing(people: Path, tmp_path: Path) -> None:
    query = "select cast(age as integer) as age from people.person"
    suite = engine.Suite("person", query, [check("ExpectColumnValuesToNotBeNull", "age")])
    (result,) = engine.run([suite], {"people": people}, tmp_path / "docs", NOON)
    assert result.status == "error"
    assert result.observed
    assert ADDRESS not in result.observed
    assert not (tmp_path / "docs").exists()
    assert not report.Report("Check", NOON, [result]).has_passed


def test_files_are_read_and_nothing_else(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    before = people.read_bytes()
    suite = engine.Suite("person", "select * from people.person", [])
    engine.run(
        [suite._replace(checks=[check("ExpectColumnValuesToNotBeNull", "id")])],
        {"people": people},
        None,
        NOON,
    )
    assert people.read_bytes() == before
    assert list(home.iterdir()) == []
    with duckdb.connect(str(people)) as con:  # it has been let go of
        con.execute("create table mine (a integer)")


def test_files_cannot_be_written_to(people: Path) -> None:
    registry.register("duckdb.gate", "lifecycle.gate.engine", "Dialect")
    url = URL.create("duckdb+gate", database=":memory:", query={"people": str(people)})
    with (
        create_engine(url).connect() as con,
        pytest.raises(DBAPIError, match="read-only"),
    ):
        con.execute(text("delete from people.person"))
    engine.OPENED.pop().close()


# The report


def finding(status: str, **given: object) -> engine.Result:
    """A result with plain fields."""
    plain = {
        "suite": "orders",
        "place": "status",
        "rule": "ExpectColumnValuesToBeInSet",
        "severity": "warning",
        "says": "status is known",
        "fault": "status is unknown",
        "advice": "Add it.",
        "status": status,
        "rows": 3,
        "of": 1200,
        "observed": "",
        "names": (),
    }
    return engine.Result(**(plain | given))


STRANGE = "<script>alert('&')</script>\x1b[31m\x00\n]]>"


def test_lines_say_the_worst_first() -> None:
    results = [
        finding("passed"),
        finding("info", fault="it came twice", rows=None, of=None, observed="2"),
        finding("warning"),
        finding("failed", fault="columns are gone", names=("a.b", "a.c"), rows=3),
        finding("passed", suite="quirks", says="noon: All is at noon.", observed="1,185"),
    ]
    said = report.lines(report.Report("Check of x", NOON, results, ("No history.",)))
    assert said == [
        "Failed: orders.status: columns are gone: a.b, a.c and 1 more. Add it.",
        "Warning: orders: status is unknown (3 of 1,200 rows). Add it.",
        "Note: orders.status: it came twice (found: 2). Add it.",
        "Known quirks of this source:",
        "       1,185  noon: All is at noon.",
        "No history.",
        "Check of x: failed. 4 checks, 1 failure, 1 warning, 1 note.",
    ]


def test_warnings_pass() -> None:
    passed = [finding("passed"), finding("warning"), finding("info")]
    assert report.Report("Check", NOON, passed).has_passed
    assert not report.Report("Check", NOON, [*passed, finding("failed")]).has_passed


def test_json_is_the_same_for_the_same_findings() -> None:
    one = report.Report("Check", NOON, [finding("failed"), finding("passed")], ("A note.",))
    content = json.loads(report.as_json(one))
    assert content["passed"] is False
    assert content["counts"] == {"error": 0, "failed": 1, "info": 0, "passed": 1, "warning": 0}
    assert [result["rows"] for result in content["results"]] == [3, 3]
    assert list(content) == sorted(content)
    assert report.as_json(one) == report.as_json(one._replace())


def test_junit_has_a_case_per_check_and_escapes() -> None:
    results = [
        finding("passed"),
        finding("failed", says=STRANGE, names=(STRANGE,)),
        finding("error", suite="refunds", observed="no such column"),
        finding("warning", suite="refunds"),
    ]
    root = ElementTree.fromstring(report.as_junit(report.Report(STRANGE, NOON, results)))
    assert [suite.attrib["name"] for suite in root] == ["orders", "refunds"]
    assert [suite.attrib["tests"] for suite in root] == ["2", "2"]
    assert [suite.attrib["failures"] for suite in root] == ["1", "0"]
    assert [suite.attrib["errors"] for suite in root] == ["0", "1"]
    assert len(root.findall("./testsuite/testcase")) == 4
    failure = root.find("./testsuite/testcase/failure")
    assert failure is not None
    assert "<script>alert('&')</script>" in failure.attrib["message"]
    told = root.findall("./testsuite/testcase/system-out")
    assert [case.text for case in told] == [
        "Warning: refunds: status is unknown (3 of 1,200 rows). Add it."
    ]


def test_names_from_files_move_no_cursor_and_write_no_html(tmp_path: Path) -> None:
    result = finding("failed", names=(STRANGE,))
    (line, _) = report.lines(report.Report("Check", NOON, [result]))
    assert "\x1b" not in line
    assert "\n" not in line
    page = report.front_page(tmp_path, report.Report(STRANGE, NOON, [result], (STRANGE,)))
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") == 5  # title, heading, summary, note, name


class Asked(HTMLParser):
    """What a page makes a browser fetch, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather the addresses."""
        for name, value in attrs:
            if name == "src" or (name == "href" and tag == "link"):
                self.fetched.append(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")


@pytest.fixture
def docs(people: Path, tmp_path: Path) -> Path:
    """Data Docs of a suite with warnings and of one that fails."""
    strange = check("ExpectColumnValuesToNotBeNull", "id")._replace(says=f"id is {STRANGE} $id")
    suites = [
        engine.Suite("person", "select * from people.person", [strange]),
        engine.Suite(
            "grown",
            "select * from people.person",
            [check("ExpectColumnValuesToBeInSet", "age", engine.CRITICAL, value_set=["30"])],
        ),
    ]
    raw = tmp_path / "raw_docs"
    results = engine.run(suites, {"people": people}, raw, NOON)
    report.write(report.Report("Check", NOON, results), tmp_path / "report", raw)
    return tmp_path / "report" / "data_docs"


def test_pages_ask_no_host_and_find_their_files(docs: Path) -> None:
    pages = list(docs.rglob("*.html"))
    assert len(pages) == 5  # the front page, and two per suite
    for page in pages:
        text = page.read_text("utf-8")
        asked = Asked(text)
        assert len(asked.fetched) >= 5
        for address in asked.fetched:
            assert (page.parent / address).is_file(), f"{page.name} asks for {address}"
        for link in asked.links:
            if link and not link.startswith("#"):
                assert (page.parent / link).is_file(), f"{page.name} leads to {link}"
        assert not re.search(r"url\(['\"]?https?:", text)
        assert not re.search(r"<script>alert", text)
    assert not [file for file in docs.rglob("*") if file.suffix in (".gif", ".otf")]


def test_pages_tell_warnings_from_failures(docs: Path) -> None:
    (person,) = docs.glob("validations/person/**/*.html")
    (grown,) = docs.glob("validations/grown/**/*.html")
    assert "Passed, with warnings" in person.read_text("utf-8")
    text = grown.read_text("utf-8")
    assert "Passed, with warnings" not in text
    assert re.search(r"</i>\s*Failed", text)
    assert "Warning: id is &lt;script&gt;" in person.read_text("utf-8")


def test_vendored_files_are_named_with_their_licence() -> None:
    notice = (report.ASSETS / "NOTICE.md").read_text("utf-8")
    for file in report.ASSETS.iterdir():
        if file.name != "NOTICE.md":
            assert file.name in notice
    assert "bootstrap | 4.3.1" in notice
    assert "Bootstrap v4.3.1" in (report.ASSETS / "bootstrap.bundle.min.js").read_text("utf-8")
    assert "jQuery v3.7.1" in (report.ASSETS / "jquery.min.js").read_text("utf-8")


# The contract of the landing views


ORDERS = [
    {"order_id": key, "ordered_at": at, "status": "paid", "gross_amount": amount, "_loaded_at": by}
    for key, at, amount, by in [
        ("FINE", "2025-01-09 12:00:00", "10.00", "2025-01-10"),
        ("FINE", "2025-01-09 13:00:00", "10.00", "2025-01-10"),
        ("NO_AMOUNT", "2025-01-09 12:00:00", None, "2025-01-10"),
        ("BLANK_AMOUNT", "2025-01-09 12:00:00", " \t", "2025-01-10"),
        (None, "2025-01-09 12:00:00", "1", "2025-01-10"),
        ("  ", "2025-01-09 12:00:00", "1", "2025-01-10"),
        ("SOON", "soon", "1", "2025-01-10"),
        ("NO_TIME", None, "1", "2025-01-10"),
        ("TEN", "2025-01-09 12:00:00", "ten", "2025-01-10"),
        ("COMMA", "2025-01-09 12:00:00", "12,50", "2025-01-10"),
        ("MINUS", "2025-01-09 12:00:00", "-0.01", "2025-01-10"),
        ("YEAR_1", "0001-01-01", "1", "2025-01-10"),
        ("BEFORE", "1899-12-31 23:59:59.999999", "1", "2025-01-10"),
        ("FIRST", "1900-01-01", "1", "2025-01-10"),
        ("YEAR_9999", "9999-12-31", "1", "2025-01-10"),
        ("AFTER", "2200-01-01", "1", None),
        ("LAST", "2199-12-31", "1", None),
        ("A_DAY", "2025-01-11 00:00:00", "1", "2025-01-10"),
        ("MORE", "2025-01-11 00:00:00.000001", "1", "2025-01-10"),
        ("ALL_AT_ONCE", "9999-12-31", "-1", "2025-01-10"),
    ]
]
ORDERS = [order | {"updated_at": None} for order in ORDERS]
ORDERS[1] |= {"updated_at": "2025-01-12", "status": "PAID "}
ORDERS[2] |= {"status": "mislaid"}
RATES = [
    {"rate_on": "2025-01-09", "currency": "usd", "rate_to_reporting": "0.9"},
    {"rate_on": "2025-01-09 10:00", "currency": "USD", "rate_to_reporting": "-0.9"},
    {"rate_on": "09.01.2025", "currency": "USD", "rate_to_reporting": "1"},
    {"rate_on": "2200-01-01", "currency": " ", "rate_to_reporting": "1e2"},
]
CONSENTS = [
    {"customer_id": "c1", "channel": "E-Mail", "is_granted": granted, "recorded_at": "2025-01-09"}
    for granted in ("yes", "0", "perhaps", "", None)
]
ASSIGNMENTS = [
    {"experiment_id": "E1", "variant": "a", "anonymous_id": unit, "assigned_at": "2025-01-09"}
    for unit in (None, "D1", " ")
]
ANSWERS = [
    {"customer_id": "c1", "responded_at": "2025-01-09", "survey_type": kind, "score": score}
    | {"feedback_id": f"{kind}{score}"}
    for kind, score in [("NPS", "10"), ("nps", "11"), ("csat", "0"), ("csat", "5"), ("nps", "x")]
]
RAW = {
    "orders": ORDERS,
    "exchange_rates": RATES,
    "consents": CONSENTS,
    "experiment_assignments": ASSIGNMENTS,
    "feedback": ANSWERS,
}


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with landing views of rows that break every kind of clause."""
    database = tmp_path_factory.mktemp("gate") / "area.duckdb"
    with duckdb.connect(str(database)) as con:
        write_raw(con, RAW)
    names = " ".join(f"raw_{table}" for table in RAW)
    run_dbt(f"run --select {names}", database, variables={"use_sample": False})
    return database


def suite_of(
    table: str, project: Path, limit: float = 0.05, history: History | None = None
) -> engine.Suite:
    """The suite of a table of RAW."""
    arrived = Arrived(frozenset(RAW[table][0]), len(RAW[table]), history or History())
    return contract.contract_suite(
        read_landed(project)[table], arrived, "area", project, NOON, limit
    )


@pytest.mark.parametrize("table", RAW)
def test_expectations_and_quarantine_find_the_same_rows(
    table: str, landed: Path, project: Path
) -> None:
    """The contract said twice, in SQL and as expectations, is one contract, row by row."""
    suite = suite_of(table, project)
    numbered = f"select *, row_number() over () as row_number from ({suite.query}) as landed"
    clauses = suite._replace(
        query=numbered,
        checks=[check for check in suite.checks if check.is_contract],
        named_by="row_number",
    )
    hit = {name for result in engine.run([clauses], {"area": landed}) for name in result.names}
    with duckdb.connect(str(landed), read_only=True) as con:
        con.execute("create temp view area_rows as " + numbered)
        faulty = con.execute(
            "select row_number from area_rows where _contract_fault is not null"
        ).fetchall()
    assert hit == {str(number) for (number,) in faulty}
    assert hit


def results_of(suite: engine.Suite, landed: Path) -> dict[str, engine.Result]:
    """Results by what they say is wrong."""
    return {result.fault: result for result in engine.run([suite], {"area": landed})}


def test_each_clause_counts_its_rows(landed: Path, project: Path) -> None:
    found = results_of(suite_of("orders", project), landed)
    rows = {fault: result.rows for fault, result in found.items() if result.status != "passed"}
    assert rows == {
        "order_id is missing": 2,
        "order_id comes more than once": 2,
        "ordered_at is not a timestamp": 1,
        "ordered_at is missing": 1,
        "ordered_at is before 1900 or after 2199": 5,
        "ordered_at is after the row was loaded": 3,
        "gross_amount is not a decimal": 2,
        "gross_amount is negative": 2,
        "updated_at is after the row was loaded": 1,
        "status holds words that seeds/rules/order_statuses.csv does not know": 1,
        "more than the 5 rows that may break the contract do": 14,
    }
    assert {fault for fault, result in found.items() if result.status == "failed"} == {
        "more than the 5 rows that may break the contract do"
    }


@pytest.mark.parametrize(("limit", "passes"), [(0.69, False), (0.7, True)])
def test_the_share_of_broken_rows_decides(
    limit: float, passes: bool, landed: Path, project: Path
) -> None:
    """14 of 20 orders are broken."""
    suite = suite_of("orders", project, limit)
    results = engine.run([suite], {"area": landed})
    assert report.Report("Check", NOON, results).has_passed is passes


@pytest.mark.parametrize(
    ("rows", "limit", "allowed"),
    [(1, 0.05, 0), (3, 0.05, 2), (6, 0.05, 5), (100, 0.05, 5), (200, 0.05, 10), (0, 0.05, 0)],
)
def test_a_few_broken_rows_stop_nobody_unless_they_are_all(
    rows: int, limit: float, allowed: int
) -> None:
    check = contract.share(rows, limit)
    assert check.severity == engine.CRITICAL
    assert round(check.args["mostly"] * rows) == rows - allowed


def test_scores_are_held_against_their_scale(landed: Path, project: Path) -> None:
    found = results_of(suite_of("feedback", project), landed)
    assert found["scores of nps lie outside 0 to 10"].rows == 1
    assert found["scores of csat lie outside 1 to 5"].rows == 1
    assert found["scores of ces lie outside 1 to 7"].rows == 0
    assert found["score is not a decimal"].rows == 1


def test_volume_and_freshness_against_the_last_loads(landed: Path, project: Path) -> None:
    loads = History((60, 61, 900), datetime(2199, 12, 31, 0, 0, 1))
    found = results_of(suite_of("orders", project, history=loads), landed)
    low = found["the number of rows is not within 21 to 183, as in the last loads"]
    assert (low.status, low.observed) == ("warning", "20")
    old = found["the newest ordered_at is before that of the last loads, 2199-12-31 00:00:01"]
    assert (old.status, old.observed) == ("warning", "2199-12-31 00:00:00")
    same = History((60,), datetime(2199, 12, 31))
    found = results_of(suite_of("orders", project, history=same), landed)
    statuses = {result.status for fault, result in found.items() if "last loads" in fault}
    assert statuses == {"passed"}


def test_an_empty_table_is_grave_only_where_there_were_rows() -> None:
    there = Arrived(frozenset(), 0, History((10,)))
    (check,) = contract.volume(there)
    assert check.severity == engine.CRITICAL
    (check,) = contract.volume(there._replace(history=History()))
    assert check.severity == engine.WARNING


def test_every_word_that_a_seed_gives_a_meaning_is_held_against_it(project: Path) -> None:
    """The same pairs as in the test of the build."""
    text = (project / "models/marts/quality/unmapped_words.sql").read_text("utf-8")
    pairs = re.findall(r"\('(\w+)', '(\w+)', '(?:stg|raw)_(\w+)', '(\w+)'\)", text)
    assert {(table, column): (seed, key) for seed, key, table, column in pairs} == contract.WORDS


# Publications


@pytest.fixture
def releases(sample_database: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two equal publications of the sample company: the new one, and the current one."""
    new, current = tmp_path / "new.duckdb", tmp_path / "current.duckdb"
    with duckdb.connect(str(new)) as con:
        con.execute(f"attach '{sample_database}' as company (read_only)")
        con.execute("create schema marts")
        for (mart,) in con.execute(
            "select table_name from information_schema.tables"
            " where table_catalog = 'company' and table_schema = 'marts'"
        ).fetchall():
            con.execute(f"create table marts.{mart} as from company.marts.{mart}")
    current.write_bytes(new.read_bytes())
    return new, current


def publication(
    project: Path, new: Path, current: Path | None, *changes: str
) -> tuple[bool, list[str]]:
    """Whether a publication passes after changes to it, and what is said about it."""
    with duckdb.connect(str(new)) as con:
        for change in changes:
            con.execute(change)
    said: list[str] = []
    passed = check_publication(new, current, None, said.append, project, NOON)
    return passed, said


def test_equal_publications_pass(releases: tuple[Path, Path], project: Path) -> None:
    passed, said = publication(project, *releases)
    assert passed
    assert len(said) == 1
    passed, said = publication(project, releases[0], None)
    assert passed
    assert said[0] == "First publication: there is nothing to compare it with."


# Changes of a publication, each with the sentence that refuses it; in a list none hides another.
REFUSED = {
    "structure": [
        ("alter table marts.dim_customers drop column region", "dim_customers.region"),
        ("drop table marts.dim_dates", "dim_dates.date_on"),
        ("alter table marts.fct_orders alter units type varchar", "types have changed"),
        ("delete from marts.customer_rfm", "marts that had rows are empty: customer_rfm"),
        (
            "insert into marts.dim_products select p.* from marts.dim_products as p, range(4)",
            "marts with more than 3 times the rows they had: dim_products",
        ),
    ],
    "history": [
        (
            "delete from marts.fct_orders where hash(order_id) % 5 = 0",
            "marts with less than 90% of the rows they had: fct_orders",
        ),
        (
            "update marts.build_manifest set as_of = as_of - interval 1 day",
            "as_of went back from 2024-12-30 23:00:00",
        ),
        (
            "delete from marts.lifecycle_current where hash(customer_id) % 10 = 0",
            "the number of customers is far from 248",
        ),
        (
            "update marts.fct_revenue_events set amount = amount * 1.03"
            " where occurred_on between '2024-03-01' and '2024-03-31'",
            "moved by more than 2%: 2024-03.",
        ),
        (
            "update marts.row_accounting set quarantined_rows = quarantined_rows + 500"
            " where table_name = 'orders'",
            "the share of quarantined rows is above",
        ),
    ],
    "values": [
        (
            "update marts.lifecycle_current set stage = 'churn' where hash(customer_id) % 4 = 0",
            "share of the customers moved by more than 10 points: churn",
        ),
        (
            "update marts.row_accounting set quarantined_rate = 1.000001"
            " where table_name = 'orders'",
            "quarantined_rate is below 0 or above 1 (1 of",
        ),
        (
            "update marts.segment_spans set valid_to = valid_from where span_number = 1",
            "spans end before or when they begin",
        ),
        (
            "update marts.fct_orders set refund_amount = -1 where purchase_number = 1",
            "refund_amount is negative",
        ),
    ],
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_no_reader_expects_is_not_published(
    kind: str, releases: tuple[Path, Path], project: Path
) -> None:
    passed, said = publication(project, *releases, *(change for change, _ in REFUSED[kind]))
    assert not passed
    refused = [line for line in said if line.startswith("Failed: ")]
    for _, sentence in REFUSED[kind]:
        assert any(sentence in line for line in refused), (sentence, said)


def test_growth_and_late_refunds_pass(releases: tuple[Path, Path], project: Path) -> None:
    passed, said = publication(
        project,
        *releases,
        "alter table marts.dim_products add column colour varchar",
        "delete from marts.fct_orders where order_id in"
        " (select order_id from marts.fct_orders order by order_id limit 60)",
        "update marts.fct_revenue_events set amount = amount * 1.5"
        " where occurred_on >= '2024-12-01'",
        "update marts.build_manifest set as_of = as_of + interval 1 day",
    )
    assert passed, said
    assert "Note: structure: new columns: dim_products.colour." in said


def test_another_policy_may_move_customers(releases: tuple[Path, Path], project: Path) -> None:
    passed, said = publication(
        project,
        *releases,
        "update marts.build_manifest set rule_hash = 'another'",
        "update marts.lifecycle_current set stage = 'churn'",
    )
    assert passed, said
    assert any(line.startswith("Warning: stages") for line in said)
    assert any("The rules have changed" in line for line in said)


def test_every_mart_has_a_type_that_duckdb_knows(project: Path) -> None:
    promises = read_promises(project)
    assert "lifecycle_spans" in promises
    with duckdb.connect() as con:
        for mart, promise in promises.items():
            columns = ", ".join(f"{name} {type_}" for name, type_ in promise.columns.items())
            con.execute(f"create table {mart} ({columns})")
            made = con.execute(
                "select column_name, data_type from duckdb_columns() where table_name = ?", [mart]
            ).fetchall()
            assert dict(made) == promise.columns


def test_a_publication_leaves_a_report(
    releases: tuple[Path, Path], project: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    assert check_publication(*releases, tmp_path / "report", said.append, project, NOON)
    names = {file.name for file in (tmp_path / "report").iterdir()}
    assert names == {"results.json", "junit.xml", "data_docs"}
