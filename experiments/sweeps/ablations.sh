#!/usr/bin/env bash
# What the paper suggests but never ran, one change at a time: size, resolution and kernel of the
# memory, tau, smoothness penalty, number of digits, lines; and what the fast recipe is made of.
# Scores of other data (digits, lines) are compared with their own baselines alone. Finished cells are
# skipped, a stopped one is continued; several may share the cells.
#
#     SEQUENCES=2000 VARIANT=conv-2enc-1LSTM CELLS="base tau-5" bash experiments/sweeps/ablations.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-2000}
SEEDS=${SEEDS:-0}
VARIANT=${VARIANT:-conv-1enc-1LSTM}
use_runs runs/ablations

case $VARIANT in # features of the memory's layers, halved and doubled
  conv-1enc-1LSTM) half="(22,)" double="(90,)" ;;
  conv-2enc-1LSTM) half="(32,)" double="(128,)" ;;
  conv-?enc-2LSTM) half="(32,64)" double="(128,256)" ;;
  fc-2enc-1LSTM) half="(4,)" double="(16,)" ;;
  fc-2enc-2LSTM) half="(4,4)" double="(16,16)" ;;
  *) echo "error: VARIANT=$VARIANT: not one of Table 2" >&2 && exit 2 ;;
esac
declare -A settings=(
  [base]=""
  [width-0.5]="--config.model.memory_features=$half"
  [width-2]="--config.model.memory_features=$double"
  [kernel-3]="--config.model.memory_kernel_size=3"
  [kernel-5]="--config.model.memory_kernel_size=5"
  [kernel-9]="--config.model.memory_kernel_size=9"
  [maps-16x16]="--config.variant=conv-2enc-1LSTM"
  [maps-32x32]="--config.variant=conv-1enc-1LSTM"
  [tau-3]="--config.tau=3"
  [tau-5]="--config.tau=5"
  [tau-15]="--config.tau=15"
  [smoothness-0]="--config.flow_loss.smoothness_weight=0.0"
  [smoothness-1]="--config.flow_loss.smoothness_weight=1.0"
  [smoothness-100]="--config.flow_loss.smoothness_weight=100.0"
  [delta-0.1]="--config.flow_loss.smoothness_delta=0.1"
  [digits-1]="--config.moving_mnist.num_digits=1"
  [digits-3]="--config.moving_mnist.num_digits=3"
  [lines]="--config.moving_mnist.lines=True"
  [one-target]="--config.train.num_targets=1"
  [adam]="--config.optimizer.name=adam --config.optimizer.learning_rate=2e-3"
  [initial-range-0.08]="--config.model.memory_initial_range=0.08"
  [plain-clamp]="--config.model.returning_gradient=False"
  [sparsity-0]="--config.flow_loss.sparsity_weight=0.0"
  [sparsity-1e-2]="--config.flow_loss.sparsity_weight=1e-2"
  [photometric-0]="--config.flow_loss.photometric_weight=0.0"
  [photometric-1]="--config.flow_loss.photometric_weight=1.0"
  [photometric-10]="--config.flow_loss.photometric_weight=10.0"
  [photometric-throughout]="--config.flow_loss.photometric_share=0.0"
  [memory-rate-1]="--config.optimizer.memory_rate=1.0"
  [batch-2]="--config.train.batch_size=2"
  [batch-8]="--config.train.batch_size=8"
  [flow-rate-1]="--config.optimizer.flow_head_rate=1.0"
  [flow-rate-0.1]="--config.optimizer.flow_head_rate=0.1"
  [rate-2e-3]="--config.optimizer.learning_rate=2e-3"
  [rate-12e-3]="--config.optimizer.learning_rate=12e-3"
)
ALL="base width-0.5 width-2 kernel-3 kernel-5 kernel-9 maps-16x16 maps-32x32 tau-3 tau-5 tau-15 smoothness-0
  smoothness-1 smoothness-100 delta-0.1 digits-1 digits-3 lines one-target adam initial-range-0.08
  plain-clamp sparsity-0 sparsity-1e-2 photometric-0 photometric-1 photometric-10
  photometric-throughout memory-rate-1 batch-2 batch-8 flow-rate-1 flow-rate-0.1 rate-2e-3 rate-12e-3"
CELLS=${CELLS:-$ALL}
check_cells

for seed in $SEEDS; do
  for cell in $CELLS; do
    folder=$RUNS/$VARIANT-$cell-$SEQUENCES-seed$seed
    # shellcheck disable=SC2086  # a setting is several words
    train "$folder" \
      --config="experiments/configs/moving_mnist.py:$VARIANT" \
      --config.train.num_sequences="$SEQUENCES" \
      --config.seed="$seed" \
      --config.evaluation.num_validation=200 \
      --config.evaluation.num_test=500 \
      ${settings[$cell]}
    score "$folder" flow_test.json evaluate_flow --num_sequences=500
  done
done

settings="SEQUENCES=$SEQUENCES VARIANT=$VARIANT SEEDS='$SEEDS'"
also CELLS "$ALL"
write_results ablations "$settings" \
  "$python" -m experiments.report --table=ablations --runs="$RUNS"
