#!/usr/bin/env bash
# Figure 6: training error of the six variants against updates, from the cells of Table 2 of one
# length and seed, which are trained where they are missing.
#
#     SEQUENCES=8000 SEED=0 bash experiments/sweeps/figure6.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
SEED=${SEED:-0}
RUNS=${RUNS:-runs/table2}

RUNS=$RUNS SEQUENCES=$SEQUENCES SEEDS=$SEED bash experiments/sweeps/table2.sh
write_results experiments/results/figure6 \
  "$python" -m experiments.figure6 --runs="$RUNS" --sequences="$SEQUENCES" --seed="$SEED" \
  --command="SEQUENCES=$SEQUENCES SEED=$SEED bash experiments/sweeps/figure6.sh"
