#!/usr/bin/env bash
# Linear probes of the features of a run of Table 2, of untrained ones, and of pixels.
#
#     VARIANTS="conv-1enc-2LSTM" SEQUENCES=8000 bash experiments/sweeps/probe.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
VARIANTS=${VARIANTS:-conv-1enc-2LSTM conv-2enc-2LSTM}
SEED=${SEED:-0}
use_runs runs/table2

score_variants probe_test.json probe
write_results probe "VARIANTS='$VARIANTS' SEQUENCES=$SEQUENCES SEED=$SEED" \
  "$python" -m experiments.report --table=probe --runs="$RUNS"
