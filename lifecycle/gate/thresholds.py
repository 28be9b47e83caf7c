"""How far things may differ from the last time, read from thresholds.yml beside this file."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_suffix(".yml")


@cache
def thresholds(border: str) -> dict[str, Any]:
    """The limits of one border: `incoming` or `published`."""
    return yaml.safe_load(FILE.read_text("utf-8"))[border]
