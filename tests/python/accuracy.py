"""docs/accuracy.md: each section is written by the test that measures it."""

import os
import re
from textwrap import fill

from warehouse import PROJECT

ACCURACY = PROJECT / "docs" / "accuracy.md"


def paragraph(text: str) -> str:
    """A text in lines of a hundred characters."""
    return fill(" ".join(text.split()), 100)


def table(head: str, rows: list[list[str]]) -> str:
    """A table whose first column is words and whose others are numbers; its head as one line."""
    columns = head.split(" | ")
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [columns, rule, *rows])


def stands(heading: str, *blocks: str) -> None:
    """Asserts that the section stands in the document as it was measured just now.

    With LIFECYCLE_WRITE_DOCS=1 it is written there instead.
    """
    section = "\n\n".join([heading, *blocks]) + "\n"
    written = ACCURACY.read_text("utf-8") if ACCURACY.exists() else "# Accuracy\n"
    standing = re.search(
        rf"^{re.escape(heading)}$.*?(?=^## |\Z)", written, re.DOTALL | re.MULTILINE
    )
    if os.environ.get("LIFECYCLE_WRITE_DOCS") == "1":
        if standing:
            written = written.replace(standing[0], section + "\n")
        else:
            written = f"{written.rstrip()}\n\n{section}"
        ACCURACY.write_text(written.rstrip() + "\n", "utf-8")
    else:
        assert standing, f"{ACCURACY.name} has no section {heading}"
        assert standing[0].split() == section.split()
