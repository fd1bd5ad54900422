#!/usr/bin/env bash
# Table 3: conv-1enc-2LSTM on moving MNIST of real intensities, by the three losses. Finished cells
# are skipped, a stopped one is continued; several at once may share the cells. RATE is the learning
# rate, which short runs want higher; TESTED test sequences are scored.
#
#     SEQUENCES=5000 SEEDS="0 1" RATE=4e-3 TESTED=1000 bash experiments/sweeps/table3.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-5000}
SEEDS=${SEEDS:-0}
LOSSES=${LOSSES:-intensity gradient sum}
RATE=${RATE:-4e-3}
TESTED=${TESTED:-3000}
use_runs runs/table3

settings="SEQUENCES=$SEQUENCES SEEDS='$SEEDS' RATE=$RATE TESTED=$TESTED"
also LOSSES "intensity gradient sum"
if [ "$RATE" != 4e-3 ]; then kind=-rate-$RATE; fi

for seed in $SEEDS; do
  for loss in $LOSSES; do
    folder=$RUNS/$loss$kind-$SEQUENCES-seed$seed
    train "$folder" \
      --config=experiments/configs/moving_mnist.py:conv-1enc-2LSTM \
      --config.loss="$loss" \
      --config.train.num_sequences="$SEQUENCES" \
      --config.optimizer.learning_rate="$RATE" \
      --config.evaluation.num_test="$TESTED" \
      --config.seed="$seed"
    score "$folder" flow_test.json evaluate_flow
  done
done

write_results table3 "$settings" \
  "$python" -m experiments.report --table=table3 --runs="$RUNS"
