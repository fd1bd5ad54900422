#!/usr/bin/env bash
# Table 2: the six variants on binary moving MNIST, cross-entropy, with the scores of their flow and
# the floor of their encoders given the true one, of UPDATES updates. Finished cells are skipped, a
# stopped one is resumed. Several processes may share the cells. Long runs want another SCHEDULE of the
# rate, and a photometric loss that falls to zero over PHOTOMETRIC sequences instead of half of the run:
#
#     SEQUENCES=8000 SEEDS="0 1" bash experiments/sweeps/table2.sh
#     VARIANTS="fc-2enc-1LSTM fc-2enc-2LSTM" bash experiments/sweeps/table2.sh
#     SEQUENCES=40000 SCHEDULE=trapezoid PHOTOMETRIC=6000 bash experiments/sweeps/table2.sh
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-8000}
SEEDS=${SEEDS:-0}
ALL="conv-1enc-1LSTM conv-1enc-2LSTM conv-2enc-1LSTM conv-2enc-2LSTM fc-2enc-1LSTM fc-2enc-2LSTM"
VARIANTS=${VARIANTS:-$ALL}
UPDATES=${UPDATES:-600}
use_runs runs/table2

settings="SEQUENCES=$SEQUENCES SEEDS='$SEEDS'"
also VARIANTS "$ALL"
also UPDATES 600
length=() # flags of long runs
if [ -n "${SCHEDULE:-}" ]; then
  settings="$settings SCHEDULE=$SCHEDULE"
  length+=(--config.optimizer.schedule="$SCHEDULE")
  kind=$kind-$SCHEDULE
fi
if [ -n "${PHOTOMETRIC:-}" ]; then
  settings="$settings PHOTOMETRIC=$PHOTOMETRIC"
  if ! awk "BEGIN { exit !(0 < $PHOTOMETRIC && $PHOTOMETRIC <= $SEQUENCES) }"; then
    echo "error: PHOTOMETRIC=$PHOTOMETRIC: expected 1 to SEQUENCES=$SEQUENCES" >&2
    exit 2
  fi
  share=$(awk "BEGIN { print $PHOTOMETRIC / $SEQUENCES }")
  length+=(--config.flow_loss.photometric_share="$share")
  kind=$kind-photometric-$PHOTOMETRIC
fi

classical=--classical
if ! "$python" -c "import cv2" 2>/dev/null; then
  classical=""
  echo "OpenCV (the extra bench) is missing: flow is scored without classical methods" >&2
fi
for seed in $SEEDS; do
  for variant in $VARIANTS; do
    train_variant "$variant" "$seed" "${length[@]}"
    # shellcheck disable=SC2086  # none or one flag
    score "$folder" flow_test.json evaluate_flow $classical
  done
done

for encoder in $(printf '%s\n' $VARIANTS | cut -d- -f2 | sort -u); do
  floor=$RUNS/floors/$encoder.json
  if ! grep -q "\"updates\": $UPDATES," "$floor" 2>/dev/null; then
    # shellcheck disable=SC2086  # several flags
    attempt "$floor" "$python" -m experiments.true_flow_floor --output="$floor" --updates="$UPDATES" \
      --config="experiments/configs/moving_mnist.py:conv-$encoder-1LSTM" ${FLAGS:-}
  fi
done

write_results table2 "$settings" "$python" -m experiments.report --table=table2 --runs="$RUNS"
