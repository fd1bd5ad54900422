#!/usr/bin/env bash
# Linear probes of the features of a run of Table 2, of untrained ones, and of pixels.
#
#     VARIANTS="conv-1enc-2LSTM" SEQUENCES=8000 bash experiments/sweeps/probe.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
VARIANTS=${VARIANTS:-conv-1enc-2LSTM conv-2enc-2LSTM}
SEED=${SEED:-0}
RUNS=${RUNS:-runs/table2}

score_variants probe_test.json probe
write_results experiments/results/probe \
  "$python" -m experiments.gather --runs="$RUNS" --file=probe_test.json \
  --command="VARIANTS='$VARIANTS' SEQUENCES=$SEQUENCES SEED=$SEED bash experiments/sweeps/probe.sh"
