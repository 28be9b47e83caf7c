"""What quarantine shows of a row: everything but what may name a person."""

import json

import duckdb
import pytest
from warehouse import run_dbt, write_raw

# Each row is at fault, so that it stands in quarantine.
NAME = "Jo Miller"
AT = {"registered_at": "soon"}
BY = {"customer_id": "C1"}
TABLES = {
    "customers": [
        {"customer_id": "C1", "email": NAME, "region": "Berlin"} | AT,
        {"customer_id": "C2", "email": None, "region": "jo@miller.example"} | AT,
    ],
    "orders": [BY | {"order_id": "O1", "ordered_at": "soon", "coupon_code": 'a"b'}],
    "feedback": [
        BY
        | {"feedback_id": "F1", "responded_at": "soon", "survey_type": "nps", "score": "9"}
        | {"comment": f"Ask {NAME}"}
    ],
    "interactions": [
        BY
        | {"interaction_id": "I1", "occurred_at": "soon", "interaction_type": "visit"}
        | {"properties": f'{{"name": "{NAME}"}}'}
    ],
    "accounts": [{"account_id": None, "account_name": "Miller & Daughters"}],
}


@pytest.fixture(scope="module")
def quarantined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    """Per raw table the rows in quarantine, read from their JSON."""
    database = tmp_path_factory.mktemp("quarantine") / "company.duckdb"
    with duckdb.connect(str(database)) as con:
        write_raw(con, TABLES)
    run_dbt("run --select +quarantined_rows", database, variables={"use_sample": False})
    with duckdb.connect(str(database)) as con:
        rows = con.execute(
            "select table_name, raw_row from marts.quarantined_rows order by all"
        ).fetchall()
    found: dict[str, list[dict]] = {}
    for table, text in rows:
        found.setdefault(table, []).append(json.loads(text))
    return found


def test_every_faulty_row_is_there(quarantined: dict[str, list[dict]]) -> None:
    assert {name: len(rows) for name, rows in quarantined.items()} == {
        name: len(rows) for name, rows in TABLES.items()
    }


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("customers", "email"),
        ("feedback", "comment"),
        ("interactions", "properties"),
        ("accounts", "account_name"),
    ],
)
def test_a_personal_column_is_masked(
    quarantined: dict[str, list[dict]], table: str, column: str
) -> None:
    assert quarantined[table][0][column] == "***"


def test_an_address_is_masked_wherever_it_stands(quarantined: dict[str, list[dict]]) -> None:
    assert quarantined["customers"][1]["region"] == "***"


def test_all_else_is_shown_as_it_came(quarantined: dict[str, list[dict]]) -> None:
    first, second = quarantined["customers"]
    assert (first["customer_id"], first["region"]) == ("C1", "Berlin")
    assert first["registered_at"] == "soon"
    assert second["email"] is None
    assert quarantined["orders"][0]["coupon_code"] == 'a"b'
