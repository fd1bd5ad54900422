#!/usr/bin/env bash
# Figure 6: training error of the six variants against updates, from the cells of Table 2 of one
# length and seed, which are trained where they are missing.
#
#     SEQUENCES=8000 SEED=0 bash experiments/sweeps/figure6.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
SEED=${SEED:-0}
use_runs runs/table2

RUNS=$given SEQUENCES=$SEQUENCES SEEDS=$SEED attempt table2.sh bash experiments/sweeps/table2.sh
settings="SEQUENCES=$SEQUENCES SEED=$SEED"
for name in VARIANTS SCHEDULE PHOTOMETRIC UPDATES; do also "$name" ""; done # which Table 2 takes, too
write_results figure6 "$settings" \
  "$python" -m experiments.report --table=figure6 --runs="$RUNS" \
  --sequences="$SEQUENCES" --seed="$SEED"
