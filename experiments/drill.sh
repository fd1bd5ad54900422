#!/usr/bin/env bash
# The fault drill: what happens to long runs, done to a small one; what is lost, as a table. In
# MINUTES at most, or so; the kills take what the others leave:
#
#     MINUTES=10 bash experiments/drill.sh
#     ONLY="kills,full disk" OUTPUT=/tmp/drill bash experiments/drill.sh
set -eu
cd "$(dirname "$0")/.."
exec "${PYTHON:-.venv/bin/python}" -m experiments.drill --minutes="${MINUTES:-10}" --seed="${SEED:-0}" \
  --only="${ONLY:-}" --output="${OUTPUT:-experiments/results/drill}"
