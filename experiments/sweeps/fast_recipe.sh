#!/usr/bin/env bash
# What the `fast` recipe was chosen by: batch size, learning rate and the flow head's share of it, on
# validation sequences. Finished runs are skipped, a stopped one is continued.
#
#     SEQUENCES=1600 bash experiments/sweeps/fast_recipe.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
SEQUENCES=${SEQUENCES:-1600}
RUNS=${RUNS:-runs/fast_recipe}
python=${PYTHON:-.venv/bin/python}

for setting in "8 2e-3 0.1" "8 2e-3 1.0" "4 2e-3 0.1" "4 1e-3 0.1" "16 2e-3 0.1" "8 4e-3 0.1"; do
  read -r batch rate flow_head_rate <<<"$setting"
  "$python" -m experiments.train \
    --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM \
    --config.train.batch_size="$batch" \
    --config.optimizer.learning_rate="$rate" \
    --config.optimizer.flow_head_rate="$flow_head_rate" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.evaluation.num_test=1 \
    --workdir="$RUNS/batch$batch-rate$rate-flow$flow_head_rate"
done

"$python" -m experiments.tabulate --runs="$RUNS" --split=validation \
  --output=experiments/results/fast_recipe \
  --command="SEQUENCES=$SEQUENCES bash experiments/sweeps/fast_recipe.sh"
