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
TABLE2=${TABLE2:-runs/table2}
LINED=${LINED:-runs/figure5}

RUNS=$TABLE2
train_variant "$VARIANT" "$SEED"
plain=$folder
RUNS=$LINED
train_variant "$VARIANT" "$SEED" --config.data.lines=True
score "$folder" flow_test.json evaluate_flow

results=experiments/results/figure5
if stale $results && [ -z "$failed" ]; then
  mkdir -p $results
  cp "$plain/samples_test.png" $results/plain.png
  cp "$folder/samples_test.png" $results/lined.png
fi
write_results $results "$python" -m experiments.tabulate --runs="$LINED" --split=test \
  --command="SEQUENCES=$SEQUENCES VARIANT=$VARIANT SEED=$SEED bash experiments/sweeps/figure5.sh"
