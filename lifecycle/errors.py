"""Mistakes of the user's, and what may be quoted of a database's message."""

import re

# DuckDB's kinds of errors that are about values, up to the line of SQL that dbt or DuckDB add.
ABOUT_VALUES = re.compile(
    r"(?:Conversion|Invalid Input|Out of Range|Constraint|Not implemented) Error: .*?"
    r"(?=\s*\n\s*LINE \d+:|\n\s*compiled code at|\Z)",
    re.DOTALL,
)
POSTGRES_VALUES = re.compile(
    r"(invalid input [\w ]*: |out of range: |value (?=\".*out of range)|DETAIL: *).*?"
    r"(?= is out of range|\n\s*(?:LINE|CONTEXT|DETAIL|HINT|compiled code)\b|\Z)",
    re.DOTALL,
)
NUMBER = re.compile(r"(DECIMAL\(\d+,\d+\))|(?<!\w)-?\d(?:[\w.:+-]*\w)?")


class UserError(Exception):
    """Something the user can mend. Its text says what is wrong, where, and what to do."""


def without_values(message: str) -> str:
    """A database's message without the values it quotes, which may be personal.

    What it complains about, the column, the type and the expected format stay.
    """
    message = ABOUT_VALUES.sub(lambda found: _masked(found[0]), message)
    return POSTGRES_VALUES.sub(r"\1***", message)


def _masked(text: str) -> str:
    """One error of DuckDB's in one line: nothing after its first quote but what is known."""
    text = text.replace("can't", "cannot")
    line = re.search(r"CSV Error on Line: \d+", text)
    place = re.search(r"^\s*(Error when converting column \"[^\"\n]*\"\. )", text, re.MULTILINE)
    if line and not place:
        return text[: line.end()]
    if place:
        text = text[place.end() :].split("\n\nColumn ")[0]
    text = re.sub(
        r"\b((?:with|cast) value) .*(?= (?:cannot be cast|to [A-Z]))", r"\1 ***", text, flags=re.S
    )
    head, quoted, rest = re.match(r"([^'\"]*)(['\"]?)(.*)", text, re.DOTALL).groups()
    if quoted:
        type_ = re.findall(r"['\"] to '?([A-Z]\w*(?:\([\d,]+\))?(?:\[\])*)", rest)
        expected = re.findall(r"expected format is \([^()\n]*\)", rest)
        column = re.findall(r"when casting from source column [^'\"\n]+\Z", rest)
    said = NUMBER.sub(lambda number: number[1] or "***", " ".join(head.split()))
    if quoted:
        said += f" ***{f' to {type_[-1]}' if type_ else ''}"
        said += f", {expected[-1]}" if expected else ""
        said += f" {column[-1].strip()}" if column else ""
    return (place[1] if place else "") + said
