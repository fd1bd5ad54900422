#!/usr/bin/env bash
# Ten frames ahead by runs of Table 2 whose predictions are fed back. Runs are trained where they are
# missing, scores that are there are kept.
#
#     VARIANTS="conv-1enc-2LSTM" SEQUENCES=8000 bash experiments/sweeps/ahead.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
VARIANTS=${VARIANTS:-conv-1enc-1LSTM conv-1enc-2LSTM conv-2enc-1LSTM conv-2enc-2LSTM}
SEED=${SEED:-0}
RUNS=${RUNS:-runs/table2}

for variant in $VARIANTS; do
  folder=$RUNS/$variant-$SEQUENCES-seed$SEED
  train "$folder" \
    --config="experiments/configs/moving_mnist.py:$variant" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.seed="$SEED"
  score "$folder" ahead_test.json evaluate_ahead
done
write_results experiments/results/ahead \
  "$python" -m experiments.gather --runs="$RUNS" --file=ahead_test.json \
  --command="VARIANTS='$VARIANTS' SEQUENCES=$SEQUENCES SEED=$SEED bash experiments/sweeps/ahead.sh"
