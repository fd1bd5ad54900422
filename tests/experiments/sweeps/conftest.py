import os
import shutil
import subprocess

import pytest
from made_sweeps import STAND_IN, SWEEPS


@pytest.fixture
def sweep(tmp_path):
    """Runs a sweep on two variants in a copy of the project.

    Returns exit code and calls; `errors` has what the last one wrote to stderr.
    """
    shutil.copytree(SWEEPS, tmp_path / "experiments" / "sweeps")
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)

    def run(script="table2.sh", *arguments, **environment):
        settings = {"PYTHON": str(python), "SEQUENCES": "10", "SEEDS": "0"}
        variants = {"VARIANTS": "conv-1enc-1LSTM fc-2enc-1LSTM"}
        process = subprocess.run(
            ["bash", tmp_path / "experiments" / "sweeps" / script, *arguments],
            env=os.environ | settings | variants | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        run.errors = process.stderr
        return process.returncode, process.stdout.splitlines()

    return run
