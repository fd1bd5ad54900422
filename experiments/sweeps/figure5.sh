#!/usr/bin/env bash
# Figure 5: last inputs, next frame, prediction and flow on plain and on lined moving MNIST. Finished
# cells are skipped, a stopped one is continued.
#
#     SEQUENCES=6000 bash experiments/sweeps/figure5.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-6000}
VARIANT=${VARIANT:-conv-1enc-1LSTM}
SEED=${SEED:-0}
RUNS=${RUNS:-runs/figure5}

for lines in False True; do
  folder=$RUNS/lines-$lines-$VARIANT-$SEQUENCES-seed$SEED
  train "$folder" \
    --config="experiments/configs/moving_mnist.py:$VARIANT" \
    --config.data.lines="$lines" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.seed="$SEED"
  score "$folder" flow_test.json evaluate_flow
done

results=experiments/results/figure5
if stale $results && [ -z "$failed" ]; then
  mkdir -p $results
  cp "$RUNS/lines-False-$VARIANT-$SEQUENCES-seed$SEED/samples_test.png" $results/plain.png
  cp "$RUNS/lines-True-$VARIANT-$SEQUENCES-seed$SEED/samples_test.png" $results/lined.png
fi
write_results $results "$python" -m experiments.tabulate --runs="$RUNS" --split=test \
  --command="SEQUENCES=$SEQUENCES VARIANT=$VARIANT SEED=$SEED bash experiments/sweeps/figure5.sh"
