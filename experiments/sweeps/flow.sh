#!/usr/bin/env bash
# Flow of the runs of Table 2 against the true one, beside zero flow and classical methods (which
# need the extra bench). Runs are trained where they are missing.
#
#     SEQUENCES=8000 bash experiments/sweeps/flow.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
use_runs runs/table2

RUNS=$given SEQUENCES=$SEQUENCES attempt table2.sh bash experiments/sweeps/table2.sh
settings="SEQUENCES=$SEQUENCES"
for name in SEEDS VARIANTS SCHEDULE PHOTOMETRIC UPDATES; do also "$name" ""; done # which Table 2 takes, too
write_results flow "$settings" \
  "$python" -m experiments.report --table=flow --runs="$RUNS"
