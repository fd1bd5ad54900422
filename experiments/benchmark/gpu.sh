#!/usr/bin/env bash
# What one accelerator does with a training run, in ten minutes, without a network: sequences a
# second alone by batch, updates a call, unrolling, precision and who makes the frames, of moving
# MNIST; compilation, device memory and share of the card's peak; PyTorch beside it, eager and
# compiled, where it is installed.
#
#   bash experiments/benchmark/gpu.sh [OUTPUT]
#
# Rows are written as they come: OUTPUT/training.jsonl, one object a line, and OUTPUT/training.md.
# What is measured already is passed over, so that the same command goes on. The first rows are those
# that matter most. SECONDS_IN_ALL (540) ends it, TOY=1 tries all of it on a CPU.
set -euo pipefail
cd "$(dirname "$0")/../.."
output=${1:-runs/gpu}
python=${PYTHON:-.venv/bin/python}
seconds=${SECONDS_IN_ALL:-540}
mkdir -p "$output"

{ nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo "no NVIDIA"
} > "$output/card.txt" 2>&1

toy=${TOY:+--toy}
XLA_PYTHON_CLIENT_PREALLOCATE=false "$python" -m experiments.benchmark.training \
  --output="$output" --seconds="$seconds" $toy
