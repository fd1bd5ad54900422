"""Under what circumstances a result came about: commit, versions, machine."""

import os
import platform
import subprocess
from pathlib import Path

import jax


def circumstances() -> str:
    """One sentence for the head of a table of results."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    device = jax.devices()[0]
    return (
        f"Commit {commit or 'unknown'}, JAX {jax.__version__}, {device.device_kind} "
        f"({os.cpu_count()} cores, {platform.machine()})."
    )
