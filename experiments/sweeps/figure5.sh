#!/usr/bin/env bash
# Figure 5: last inputs, next frame, prediction and flow on plain and on lined moving MNIST, after
# equal training. The plain run is a cell of Table 2. Finished cells are skipped, a stopped one is
# continued.
#
#     SEQUENCES=8000 bash experiments/sweeps/figure5.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
VARIANT=${VARIANT:-conv-1enc-1LSTM}
SEED=${SEED:-0}
use_runs runs/table2

train_variant "$VARIANT" "$SEED"
plain=$folder
RUNS=$BESIDE/figure5
mkdir -p "$RUNS"
train_variant "$VARIANT" "$SEED" --config.moving_mnist.lines=True
lined=$folder
score "$lined" flow_test.json evaluate_flow

table_and_pictures() {
  "$python" -m experiments.report --table=figure5 --runs="$RUNS" "$@"
  keep_picture "$plain/samples_test.png" "$RESULTS/figure5/plain.png"
  keep_picture "$lined/samples_test.png" "$RESULTS/figure5/lined.png"
}
write_results figure5 "SEQUENCES=$SEQUENCES VARIANT=$VARIANT SEED=$SEED" table_and_pictures
