"""A run small enough for tests: few features, frames of 30x30 pixels, tau 2, 100 updates."""

import importlib
import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from experiments.configs.moving_mnist import get_config
from experiments.console.runtime import with_settings

ROOT = Path(__file__).parent.parent
PATIENCE = 1200  # seconds until a program counts as hung; slow machines compile for minutes
SMALL = {
    "tau": 2,
    "model.encoder_features": (3,),
    "model.memory_features": (4,),
    "model.memory_kernel_size": 3,
    "data.image_size": 30,
    "moving_mnist.num_digits": 1,
    "data.sequence_length": 5,
    "data.num_train": 11,
    "data.num_validation": 3,
    "data.num_test": 5,
    "train.batch_size": 2,
    "train.num_sequences": 200,
    "train.log_every_steps": 1,
    "train.validate_every_steps": 20,
    "train.image_every_steps": 30,
    "train.checkpoint_every_steps": 7,
    "evaluation.num_while_training": 2,
    "evaluation.batch_size": 2,
}


def small_config(**changes):
    config = get_config("conv-1enc-1LSTM")
    config.update_from_flattened_dict(SMALL | changes)
    return config


def arguments(workdir):
    """Command line of the same run."""
    overrides = [f"--config.{path}={value}" for path, value in SMALL.items()]
    return [
        "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM",
        f"--workdir={workdir}",
        *overrides,
    ]


def start(program, *flags):
    """Starts `python -m experiments.PROGRAM` with flags."""
    return subprocess.Popen(
        [sys.executable, "-m", f"experiments.{program}", *flags],
        cwd=ROOT,
        env=with_settings(os.environ),  # else it would begin by starting itself anew
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Waits for a started program's end; returns its exit code, output and errors."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def run(program, *flags):
    """Runs `experiments.PROGRAM` in this process; returns its exit code, output and errors."""
    main = importlib.import_module(f"experiments.{program}").main
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(io.StringIO()) as errors:
        code = main([str(flag) for flag in flags])
    return code, output.getvalue(), errors.getvalue()
