#!/usr/bin/env bash
# The best variant of Table 2 trained for longer: from its model on, at half of the rate, with the
# sequences in another order; a run of its own. Runs are trained where they are missing, a stopped
# one is continued.
#
#     SEQUENCES=12000 MORE=7000 bash experiments/sweeps/longer.sh
source "$(dirname "$0")/cells.sh"
VARIANT=${VARIANT:-conv-1enc-2LSTM}
SEQUENCES=${SEQUENCES:-12000}
MORE=${MORE:-7000}
use_runs runs/table2

train_variant "$VARIANT" 0
first=$folder
RUNS=$BESIDE/longer-$SEQUENCES
mkdir -p "$RUNS"
SEQUENCES=$MORE train_variant "$VARIANT" 1 \
  --config.train.initial_model="$first" \
  --config.optimizer.learning_rate=2e-3 \
  --config.flow_loss.photometric_weight=0.0
score "$folder" flow_test.json evaluate_flow

write_results longer "VARIANT=$VARIANT SEQUENCES=$SEQUENCES MORE=$MORE" \
  "$python" -m experiments.report --table=longer --runs="$RUNS"
