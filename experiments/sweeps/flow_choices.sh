#!/usr/bin/env bash
# What a recurrent flow head and a sparsity penalty do to the flow of real video: trains one model,
# continues from it without, with each and with both, and predicts the clips given. Finished runs and
# predictions are skipped.
#
#     PREPARED=prepared/video_folder bash experiments/sweeps/flow_choices.sh box.mp4 face.mp4
: "${PREPARED:?the folder that python -m data.prepare wrote}"
PREPARED=$(realpath "$PREPARED")
source "$(dirname "$0")/cells.sh"
PRETRAINING=${PRETRAINING:-12000}
SEQUENCES=${SEQUENCES:-3000}
SPARSITY=${SPARSITY:-3e-4}
TAU=${TAU:-12}
use_runs runs/flow_choices

train_video() {
  local name=$1
  shift
  train "$RUNS/$name" \
    --config=experiments/configs/video.py:conv-1enc-1LSTM \
    --config.video.directory="$PREPARED" \
    --config.tau="$TAU" \
    --config.data.sequence_length=$((TAU + 1)) "$@"
}

check_clips
kind=-tau$TAU-$PRETRAINING
pretraining=pretraining$kind
train_video "$pretraining" --config.train.num_sequences="$PRETRAINING"
finished "$RUNS/$pretraining" || exit 1
for setting in "plain False 0.0" "recurrent True 0.0" "sparse-$SPARSITY False $SPARSITY" \
  "both-$SPARSITY True $SPARSITY"; do
  read -r name recurrent sparsity <<<"$setting"
  name=$name$kind-$SEQUENCES
  train_video "$name" \
    --config.train.initial_model="$RUNS/$pretraining" \
    --config.video.max_pan=1.0 \
    --config.optimizer.learning_rate=1e-3 \
    --config.model.recurrent_flow="$recurrent" \
    --config.flow_loss.sparsity_weight="$sparsity" \
    --config.train.num_sequences="$SEQUENCES"
  finished "$RUNS/$name" || continue
  for clip in "${clips[@]}"; do
    predict "$RUNS/$name" "$clip" "$RUNS/predictions/$name/$(basename "$clip")"
  done
done

write_results flow_choices \
  "PRETRAINING=$PRETRAINING SEQUENCES=$SEQUENCES TAU=$TAU SPARSITY=$SPARSITY" \
  "$python" -m experiments.report --table=flow_choices --runs="$RUNS/predictions"
