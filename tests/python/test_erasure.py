"""Erasure: after it nothing of the person is left anywhere, and nothing else has changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, run_lifecycle

# Every id and text of the person is a word that nothing else holds.
ANNA = ("KunA1", "KunA2", "KunA3")
ANNAS = (*ANNA, "devanna", "devshared", "anna.privat", "wordsofanna", "propsofanna", "zettelanna")
PAUL = ("KunPaul", "paul.privat", "wordsofpaul", "zettelpaul")
GONE = (*ANNAS, *PAUL)

LOADED_AT = "2024-06-01T00:00:00"
FILES = {
    "customers": """
        customer_id,account_id,customer_type,email,country,registered_at,referrer_customer_id,x_note
        KunA1,,b2c,Anna.Privat@example.com,DE,2024-01-01 08:00,,zettelanna
        KunA2,,b2c,anna.privat@example.com,DE,2024-01-02 08:00,,
        KunA3,,b2c,,DE,not a time zettelanna,,
        KunBob,,b2c,bob@example.com,FR,2024-01-03 08:00,KunA2,bobsnote
        KunEva,,b2c,eva@example.com,FR,2024-01-04 08:00,,
        KunPaul,acc1,b2b,paul.privat@firm.example,DE,2024-01-05 08:00,,zettelpaul
        KunRosa,acc1,b2b,rosa@firm.example,DE,2024-01-06 08:00,,
    """,
    "accounts": """
        account_id,account_name,industry,employee_count
        acc1,The Firm,tools,50
    """,
    "orders": """
        order_id,customer_id,ordered_at,status,gross_amount,x_gift
        o1,KunA1,2024-02-01 10:00,paid,100.00,zettelanna
        o2, KunA2 ,2024-03-01 10:00,paid,50.00,
        o3,KunBob,2024-03-02 10:00,paid,30.00,bobsgift
        o4,KunPaul,2024-03-03 10:00,paid,900.00,zettelpaul
        o5,KunRosa,2024-03-04 10:00,paid,700.00,
        o6,KunA1,2024-03-05 10:00,paid,anna.privat@example.com,
        o7,KunEva,2024-03-06 10:00,paid,20.00,
        o8,,2024-03-07 10:00,paid,11.00,
        o9,KunEva,write to anna.privat@example.com,paid,12.00,
    """,
    "refunds": """
        refund_id,order_id,customer_id,refunded_at,amount,reason
        f1,o1,,2024-02-10 10:00,10.00,defect
        f2,,KunA2,2024-03-10 10:00,5.00,defect
        f3,,KunPaul,2024-03-11 10:00,7.00,defect
    """,
    "interactions": """
        interaction_id,customer_id,anonymous_id,occurred_at,interaction_type,channel,properties
        i1,KunA1,,2024-01-10 10:00,product_view,web,propsofanna
        i2,,devanna,2024-01-11 10:00,product_view,web,
        i3,,devshared,2024-01-12 10:00,product_view,web,
        i4,KunBob,devshared,2024-01-13 10:00,product_view,web,bobsprops
        i5,,devbob,2024-01-14 10:00,product_view,web,
        i6,KunPaul,,2024-01-15 10:00,product_view,web,
        i7,,devnobody,2024-01-16 10:00,product_view,web,{"mail": "anna.privat@example.com"}
    """,
    "feedback": """
        feedback_id,customer_id,responded_at,survey_type,score,comment
        b1,KunA2,2024-03-20 10:00,csat,2,wordsofanna
        b2,KunBob,2024-03-20 11:00,csat,4,ask Anna.Privat@example.com.
        b3,KunPaul,2024-03-20 12:00,csat,4,wordsofpaul
    """,
    "tickets": """
        ticket_id,customer_id,opened_at,topic
        t1,KunA1,2024-03-21 10:00,wordsofanna
        t2,KunEva,2024-03-21 11:00,delivery
    """,
    "consents": """
        customer_id,channel,is_granted,recorded_at
        KunA1,email,true,2024-01-01 08:00
        KunBob,email,true,2024-01-03 08:00
    """,
    "experiments": """
        experiment_id,control_variant,primary_metric,starts_at
        x1,a,orders,2024-01-01
    """,
    "experiment_assignments": """
        experiment_id,variant,customer_id,anonymous_id,assigned_at
        x1,a,KunA1,,2024-01-20 10:00
        x1,b,,devanna,2024-01-20 10:00
        x1,b,KunBob,devshared,2024-01-20 10:00
    """,
    "identity_links": """
        link_id,link_type,source_id,target_id,linked_at
        l1,merge,KunA2,KunA1,2024-03-15 10:00
        l2,merge,KunA3,KunA2,2024-03-16 10:00
        l3,merge,KunEva,KunA1,2024-03-16 10:00
        l4,merge,KunEva,KunEve,2024-03-17 10:00
        l5,login,devanna,KunA2,2024-01-12 10:00
        l6,login,devshared,KunA1,2024-01-12 11:00
        l7,login,devshared,KunBob,2024-01-12 12:00
        l8,login,devbob,KunBob,2024-01-14 12:00
        l9,merge,KunBob,KunCy,2024-03-18 10:00
        l10,merge,KunCy,KunBob,2024-03-18 11:00
        l12,login,devanna,KunA3,2024-03-40 00:00
    """,
}
REQUESTS = """
    request_id,customer_id,requested_at
    ask-anna,KunA3,2024-05-01 10:00
    ask-paul,KunPaul,2024-05-02 10:00
"""
# Half the orders of a company as small as this are meant to be faulty.
VARS = "{quarantine_share_limit: 1}"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write tables as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n")
    return folder


class Place:
    """A folder in which all is that a company keeps: database, dbt's folders, what is published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "work" / "company.duckdb"
        self.database.parent.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """Run a command of `lifecycle` on it; what was said."""
        done = run_lifecycle(
            *arguments,
            LIFECYCLE_DUCKDB=self.database,
            LIFECYCLE_PII_SALT="pepper",
            DBT_TARGET_PATH=self.database.parent / "target",
            DBT_LOG_PATH=self.database.parent / "logs",
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def load(self, name: str, files: Mapping[str, str]) -> str:
        """Load tables."""
        return self.run("load", write(self.folder / name, files), "--loaded-at", LOADED_AT)

    def build(self, *arguments: str, code: int = 0) -> str:
        """Build what was loaded."""
        return self.run("build", "--vars", VARS, *arguments, code=code)

    def copy(self, folder: Path) -> Place:
        """The same place once more."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Place(folder)

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'")
            return con.execute(query).fetchall()


def found(place: Place, words: Iterable[str]) -> list[str]:
    """Where a word is: in a cell of any table or view, or in the bytes or name of any file."""
    hits = []
    lowered = [word.lower() for word in words]
    for schema, table in place.rows(
        "select table_schema, table_name from information_schema.tables order by all"
    ):
        cells = " ".join(
            str(row).lower() for row in place.rows(f'select * from "{schema}"."{table}"')
        )
        hits += [f"{schema}.{table}: {word}" for word in lowered if word in cells]
    for file in sorted(place.database.parent.rglob("*")):
        content = file.read_bytes().lower() if file.is_file() and not file.is_symlink() else b""
        text = str(file.relative_to(place.folder)).lower().encode() + b" " + content
        hits += [f"{file.name}: {word}" for word in lowered if word.encode() in text]
    return hits


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The company, built and published with the persons in it, and their requests loaded."""
    place = Place(tmp_path_factory.mktemp("before"))
    place.load("first", FILES)
    place.build()
    place.run("publish")
    place.load("second", {"erasure_requests": REQUESTS})
    return place


@pytest.fixture(scope="module")
def after(before: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same after the build that carries the requests out."""
    place = before.copy(tmp_path_factory.mktemp("after") / "place")
    place.said = place.build()
    return place


def test_nothing_of_the_person_is_left(before: Place, after: Place) -> None:
    assert found(after, GONE) == []
    there = found(before, GONE)
    assert {word for word in GONE if any(hit.endswith(word.lower()) for hit in there)} == set(GONE)
    assert {hit.split(":")[0] for hit in there} >= {
        "raw.orders",
        "company.duckdb",
        "lifecycle_marts.duckdb",
    }
