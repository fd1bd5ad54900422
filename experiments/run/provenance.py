"""What a run's numbers were made with: commit, versions, device; kept in its folder.

`environment.json` is a list with an entry for each process that trained the run: `step`, the update
that it resumed at, `time` (UTC), `precision`, and what `environment` returns.
"""

import json
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax

from data.files.json_files import parse_json
from experiments.console.machine_facts import UNKNOWN, cpuinfo, package_version, processor
from experiments.console.reading import reading, rows
from experiments.run.results import write_file

ENVIRONMENT_FILE = "environment.json"
_PACKAGES = ("vstm", "jax", "jaxlib", "flax", "optax", "numpy", "av")


def current_commit() -> str:
    """Git's name of the commit of this code, with `-dirty` after changes; or `unknown`.

    Changed results, and pages about them, are no changes of the code.
    """
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():  # a copy, perhaps inside another project's repository
        return UNKNOWN
    git = ["git", "-C", str(root)]
    code = [".", ":!experiments/results", ":!*.md"]
    try:
        described = subprocess.run(
            [*git, "describe", "--always"], capture_output=True, text=True, check=False
        )
        commit = described.stdout.strip()
        changed = subprocess.run(
            [*git, "diff", "--quiet", "HEAD", "--", *code], capture_output=True, check=False
        )
    except FileNotFoundError:
        commit = ""
    if not commit:
        return UNKNOWN
    return f"{commit}-dirty" if changed.returncode else commit


def device() -> str:
    """The device that programs run on: an accelerator's kind, or the processor's name."""
    accelerator = jax.devices()[0]
    if accelerator.platform != "cpu":
        return accelerator.device_kind
    name, _ = processor(cpuinfo())
    return name if name != UNKNOWN else platform.processor() or platform.machine()


def made_by() -> dict[str, str]:
    """What a row of results was made by: `commit` and `device`, see there."""
    return {"commit": current_commit(), "device": device()}


def environment() -> dict[str, Any]:
    """Facts about this process that numbers may depend on; none that name the machine.

    Returns:
      `commit`, see `current_commit`; `device`, see `device`; `num_devices`; `backend`, JAX's
      platform; `float64`, whether JAX has it; `system`; `versions` by package, and of Python.
    """
    settings: Any = jax.config  # whose settings are no declared attributes
    return made_by() | {
        "num_devices": jax.device_count(),
        "backend": jax.default_backend(),
        "float64": settings.jax_enable_x64,
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()}
        | {p: package_version(p) or UNKNOWN for p in _PACKAGES},
    }


def record(folder: Path, step: int, precision: str) -> None:
    """Adds this process to those that trained a run.

    Args:
      folder: the run's folder.
      step: update at which it resumes, 0 for a new run. Entries of later updates, which a kill
        undid before they were saved, are dropped.
      precision: of its products, one of `vstm.PRECISIONS`.

    Raises:
      UserError: it cannot be written, or the existing file is damaged.
    """
    kept = [entry for entry in read(folder) if entry["step"] < step]
    time = datetime.now(UTC).isoformat(timespec="seconds")
    entry = {"step": step, "time": time, "precision": precision} | environment()
    write_file(folder / ENVIRONMENT_FILE, json.dumps([*kept, entry], indent=1) + "\n")


def read(folder: Path) -> list[dict[str, Any]]:
    """The processes that trained a run, in their order; none for runs older than the record.

    Raises:
      UserError: the record is damaged.
    """
    path = folder / ENVIRONMENT_FILE
    if not path.exists():
        return []
    with reading(path, "a record of how the run was trained"):
        entries = rows(parse_json(path))
        for entry in entries:
            if type(entry["step"]) is not int:
                raise ValueError(f"step {entry['step']!r}")
            if not all(isinstance(entry[fact], str) for fact in ("commit", "device")):
                raise ValueError(f"commit {entry['commit']!r}, device {entry['device']!r}")
        return entries


def trained_by(folder: Path) -> dict[str, str | None]:
    """What trained a run, for its results.

    Returns:
      `trained_commit` and `trained_device`: each one name, or several in their order, joined by
      commas; None for runs older than the record.

    Raises:
      UserError: the record is damaged.
    """
    entries = read(folder)
    if entries and entries[0]["step"] > 0:  # the run is older than its record
        entries = [{"commit": UNKNOWN, "device": UNKNOWN}, *entries]
    return {
        f"trained_{fact}": ", ".join(dict.fromkeys(entry[fact] for entry in entries)) or None
        for fact in ("commit", "device")
    }
