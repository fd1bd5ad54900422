#!/usr/bin/env bash
# What a recurrent flow head and a sparsity penalty do to the flow of real video: trains without,
# with each and with both, and predicts the clips given. Finished runs and predictions are skipped.
#
#     PREPARED=prepared/video_folder SEQUENCES=4000 \
#         bash experiments/sweeps/flow_choices.sh box.mp4 face.mp4
set -euo pipefail
clips=()
for clip in "$@"; do clips+=("$(realpath "$clip")"); done
PREPARED=$(realpath "${PREPARED:?the folder that python -m data.prepare wrote}")
cd "$(dirname "$0")/../.."
SEQUENCES=${SEQUENCES:-4000}
SPARSITY=${SPARSITY:-3e-4}
TAU=${TAU:-12}
RUNS=${RUNS:-runs/flow_choices}
python=${PYTHON:-.venv/bin/python}

for setting in "plain False 0.0" "recurrent True 0.0" "sparse False $SPARSITY" "both True $SPARSITY"; do
  read -r name recurrent sparsity <<<"$setting"
  "$python" -m experiments.train \
    --config=experiments/configs/video.py:conv-1enc-1LSTM \
    --config.video.directory="$PREPARED" \
    --config.tau="$TAU" \
    --config.data.sequence_length=$((TAU + 1)) \
    --config.flow_head.recurrent="$recurrent" \
    --config.flow_head.sparsity_weight="$sparsity" \
    --config.train.num_sequences="$SEQUENCES" \
    --workdir="$RUNS/$name"
  for clip in "${clips[@]}"; do
    output="$RUNS/predictions/$name/$(basename "$clip")"
    if [ ! -e "$output" ]; then
      "$python" -m experiments.predict --workdir="$RUNS/$name" --input="$clip" --output="$output"
    fi
  done
done

"$python" -m experiments.tabulate_predictions --predictions="$RUNS/predictions" \
  --output=experiments/results/flow_choices \
  --command="SEQUENCES=$SEQUENCES TAU=$TAU SPARSITY=$SPARSITY bash experiments/sweeps/flow_choices.sh ${clips[*]##*/}"
