"""Where things are: the dbt project, its profile, the database."""

import os
import re
import shutil
from pathlib import Path

from lifecycle.errors import UserError

PROJECT_NAME = "customer_lifecycle"
SCHEMAS = {
    *("raw", "sample", "rules", "landing", "changes", "staging", "intermediate", "marts"),
    *("snapshots", "test_failures"),
}


def is_project(folder: Path) -> bool:
    """Whether the folder holds this dbt project."""
    file = folder / "dbt_project.yml"
    return file.is_file() and bool(
        re.search(rf"^name:\s*['\"]?{PROJECT_NAME}\b", file.read_text("utf-8"), re.MULTILINE)
    )


def project_dir() -> Path:
    """The folder of the dbt project.

    The environment variable LIFECYCLE_PROJECT wins, then the nearest folder at or above the
    working directory, then the folder this package is installed from.
    """
    given = os.environ.get("LIFECYCLE_PROJECT")
    if given:
        folder = Path(given).expanduser().resolve()
        if not is_project(folder):
            raise UserError(
                f"LIFECYCLE_PROJECT points to {folder}, which has no dbt_project.yml "
                f"named {PROJECT_NAME}."
            )
        return folder
    here = Path.cwd()
    installed = Path(__file__).resolve().parent.parent
    for folder in (here, *here.parents, installed):
        if is_project(folder):
            return folder
    raise UserError(
        f"No dbt project named {PROJECT_NAME} at or above {here}. Change into the project, "
        "or set LIFECYCLE_PROJECT to its folder."
    )


def database_path(project: Path) -> Path:
    """The DuckDB file: LIFECYCLE_DUCKDB (relative to the working directory), or in the project."""
    given = os.environ.get("LIFECYCLE_DUCKDB")
    path = Path(given).expanduser().resolve() if given else project / "lifecycle.duckdb"
    if path.stem.lower() in SCHEMAS:
        raise UserError(
            f"LIFECYCLE_DUCKDB names the file {path.name}, but {path.stem} is also a schema in it, "
            "and DuckDB cannot tell the two apart. Give the file another name."
        )
    return path


def profiles_dir(project: Path) -> Path:
    """The folder of profiles.yml: DBT_PROFILES_DIR, or the project, where one is made if needed."""
    given = os.environ.get("DBT_PROFILES_DIR")
    if given:
        return Path(given).expanduser().resolve()
    profile = project / "profiles.yml"
    if not profile.exists():
        shutil.copyfile(project / "profiles.example.yml", profile)
    return project
