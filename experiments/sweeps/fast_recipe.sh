#!/usr/bin/env bash
# What the `fast` recipe was chosen by, on validation sequences: batch size, learning rate, and the
# flow head's and the memory's share of it. Finished runs are skipped, a stopped one is continued.
#
#     SEQUENCES=1600 bash experiments/sweeps/fast_recipe.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
SEQUENCES=${SEQUENCES:-1600}
RUNS=${RUNS:-runs/fast_recipe}
python=${PYTHON:-.venv/bin/python}

for setting in "2 2e-3 0.3 0.3" "8 2e-3 0.3 0.3" "2 2e-3 1.0 1.0" "2 1e-3 0.3 0.3"; do
  read -r batch rate flow_head_rate memory_rate <<<"$setting"
  "$python" -m experiments.train \
    --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM \
    --config.train.batch_size="$batch" \
    --config.optimizer.learning_rate="$rate" \
    --config.optimizer.flow_head_rate="$flow_head_rate" \
    --config.optimizer.memory_rate="$memory_rate" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.evaluation.num_test=1 \
    --workdir="$RUNS/batch$batch-rate$rate-flow$flow_head_rate-memory$memory_rate"
done

"$python" -m experiments.tabulate --runs="$RUNS" --split=validation \
  --output=experiments/results/fast_recipe \
  --command="SEQUENCES=$SEQUENCES bash experiments/sweeps/fast_recipe.sh"
