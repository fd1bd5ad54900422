#!/usr/bin/env bash
# Figure 7: last inputs, next frame, prediction and flow of real video, by a run or by the model that
# comes with the project. Predictions that are there are skipped.
#
#     bash experiments/sweeps/figure7.sh box.mp4 face.mp4
#     MODEL=runs/video bash experiments/sweeps/figure7.sh box.mp4
clips=()
for clip in "$@"; do clips+=("$(realpath "$clip")"); done
source "$(dirname "$0")/cells.sh"
MODEL=${MODEL:-vstm/pretrained/conv-1enc-1LSTM}
RUNS=${RUNS:-runs/figure7}
results=experiments/results/predict

names=""
for clip in "${clips[@]}"; do
  name=$(basename "${clip%.*}")
  names="$names $(basename "$clip")"
  predict "$MODEL" "$clip" "$RUNS/$name"
done
if stale $results; then
  for clip in "${clips[@]}"; do
    name=$(basename "${clip%.*}")
    cp "$RUNS/$name/contact_sheet.png" "$results/$name.png"
  done
fi
write_results $results "$python" -m experiments.tabulate_predictions --predictions="$RUNS" \
  --command="MODEL=$MODEL bash experiments/sweeps/figure7.sh$names"
