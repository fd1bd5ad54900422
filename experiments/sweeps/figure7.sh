#!/usr/bin/env bash
# Figure 7: last inputs, next frame, prediction and flow of real video, by a run or by the model that
# comes with the project. Predictions by the same model are skipped.
#
#     bash experiments/sweeps/figure7.sh box.mp4 face.mp4
#     MODEL=runs/video bash experiments/sweeps/figure7.sh box.mp4
source "$(dirname "$0")/cells.sh"
MODEL=${MODEL:-vstm/pretrained/conv-2enc-1LSTM}
use_runs runs/figure7

check_clips
for clip in "${clips[@]}"; do
  predict "$MODEL" "$clip" "$RUNS/$(name_of "$clip")"
done

table_and_pictures() {
  "$python" -m experiments.report --table=predict --runs="$RUNS" "$@"
  for clip in "${clips[@]}"; do
    name=$(name_of "$clip")
    keep_picture "$RUNS/$name/contact_sheet.png" "$RESULTS/predict/$name.png"
  done
}
write_results predict "MODEL=$MODEL" table_and_pictures
