#!/usr/bin/env bash
# A variant of Table 2 trained for longer: from its model on, at half of the rate or at RATE, with the
# sequences in another order; a run of its own. WEIGHT is that of a photometric loss that stays, which
# makes the flow truer; none if not given. FROM is a finished run of SEQUENCES to begin with instead of
# Table 2's, such as one of another schedule, below the root of the project; SET is of further fields.
# What is set is in the name of the run. Runs are trained where they are missing, a stopped one is
# continued.
#
#     SEQUENCES=12000 MORE=7000 bash experiments/sweeps/longer.sh
#     VARIANT=conv-1enc-1LSTM SEQUENCES=12000 MORE=3000 RATE=1e-3 WEIGHT=0.3 \
#       SET="optimizer.flow_head_rate=1.0 flow_loss.exclude_occluded=True" \
#       bash experiments/sweeps/longer.sh
source "$(dirname "$0")/cells.sh"
VARIANT=${VARIANT:-conv-1enc-2LSTM}
SEQUENCES=${SEQUENCES:-12000}
MORE=${MORE:-7000}
use_runs runs/table2

settings="VARIANT=$VARIANT SEQUENCES=$SEQUENCES MORE=$MORE"
if [ -n "${FROM:-}" ]; then
  begin_from "$FROM"
  settings="$settings FROM='$FROM'"
  kind=$(begun_from "$FROM" "$VARIANT")
else
  train_variant "$VARIANT" 0
fi
finished "$folder" || exit 1
first=$folder
if [ -n "${RATE:-}" ]; then
  settings="$settings RATE=$RATE"
  kind=$kind-rate-$RATE
fi
photometric=(--config.flow_loss.photometric_weight=0.0)
if [ -n "${WEIGHT:-}" ]; then
  settings="$settings WEIGHT=$WEIGHT"
  kind=$kind-photometric-$WEIGHT
  photometric=(--config.flow_loss.photometric_weight="$WEIGHT")
  photometric+=(--config.flow_loss.photometric_share=0.0)
fi
others=()
if [ -n "${SET:-}" ]; then
  settings="$settings SET='$SET'"
  for field in $SET; do
    name=${field%%=*}
    kind=$kind-${name##*.}-${field#*=}
    others+=("--config.$field")
  done
fi
RUNS=$BESIDE/longer-$SEQUENCES
mkdir -p "$RUNS"
SEQUENCES=$MORE train_variant "$VARIANT" 1 \
  --config.train.initial_model="$first" \
  --config.optimizer.learning_rate="${RATE:-2e-3}" \
  "${photometric[@]}" "${others[@]}"
score "$folder" flow_test.json evaluate_flow

write_results longer "$settings" \
  "$python" -m experiments.report --table=longer --runs="$RUNS"
