#!/usr/bin/env bash
# The protocol of the field: ten frames of moving MNIST after ten, real intensities, scores summed over
# a frame of 10,000 generated sequences. Each variant is trained to predict the next frame for
# SEQUENCES, and then to predict ten, nine of them from predictions, for AHEAD more; given several
# numbers, each run continues from the model of the one before. Those that predict ten draw from DRAWN
# sequences, all in the same order, as the benchmarks make theirs anew in each epoch. Finished runs are
# skipped, a stopped one is continued. FROM is a finished run of SEQUENCES to begin with instead, such
# as one of Table 2, of binary pixels, below the root of the project; VARIANT and SEED in its name stand
# for those of each run, and what is between them is in the names of the runs that begin with it.
#
#     VARIANTS="conv-2enc-1LSTM" SEQUENCES=8000 AHEAD="12000 32000" bash experiments/sweeps/protocol.sh
#     VARIANTS="conv-1enc-1LSTM" SEQUENCES=12000 AHEAD=18000 \
#       FROM=runs/table2/VARIANT-12000-seedSEED bash experiments/sweeps/protocol.sh
source "$(dirname "$0")/cells.sh"
VARIANTS=${VARIANTS:-conv-2enc-1LSTM}
SEQUENCES=${SEQUENCES:-8000}
AHEAD=${AHEAD:-4000}
DRAWN=${DRAWN:-100000}
SEEDS=${SEEDS:-0}
use_runs runs/protocol

if [ -n "${FROM:-}" ]; then
  kind=$(begun_from "$FROM" VARIANT)
fi
pixels=--config.moving_mnist.pixels=float
for seed in $SEEDS; do
  for variant in $VARIANTS; do
    if [ -n "${FROM:-}" ]; then
      folder=${FROM//VARIANT/$variant}
      begin_from "${folder//SEED/$seed}"
    else
      train_variant "$variant" "$seed" $pixels
      score "$folder" ahead_test.json evaluate_ahead --num_sequences=10000
    fi
    total=$SEQUENCES
    for ahead in $AHEAD; do
      total=$((total + ahead))
      before=$folder
      if ! finished "$before"; then break; fi
      folder=$RUNS/$variant$kind-ahead-$total-seed$seed
      train "$folder" --config="experiments/configs/moving_mnist.py:$variant" $pixels \
        --config.seed="$seed" --config.train.num_sequences="$ahead" \
        --config.train.initial_model="$before" --config.train.frames_ahead=10 \
        --config.data.num_train="$DRAWN" \
        --config.flow_loss.photometric_weight=0.0 --config.optimizer.learning_rate=2e-3
      score "$folder" ahead_test.json evaluate_ahead --num_sequences=10000
    done
  done
done
settings="VARIANTS='$VARIANTS' SEQUENCES=$SEQUENCES AHEAD='$AHEAD' DRAWN=$DRAWN SEEDS='$SEEDS'"
settings="$settings${FROM:+ FROM='$FROM'}"
write_results protocol "$settings" \
  "$python" -m experiments.report --table=protocol --runs="$RUNS"
