#!/usr/bin/env bash
# Ten frames ahead by runs of Table 2 whose predictions are fed back. Runs are trained where they are
# missing, existing scores are kept.
#
#     VARIANTS="conv-1enc-2LSTM" SEQUENCES=8000 bash experiments/sweeps/ahead.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
VARIANTS=${VARIANTS:-conv-1enc-1LSTM conv-1enc-2LSTM conv-2enc-1LSTM conv-2enc-2LSTM}
SEED=${SEED:-0}
use_runs runs/table2

score_variants ahead_test.json evaluate_ahead
write_results ahead "VARIANTS='$VARIANTS' SEQUENCES=$SEQUENCES SEED=$SEED" \
  "$python" -m experiments.report --table=ahead --runs="$RUNS"
