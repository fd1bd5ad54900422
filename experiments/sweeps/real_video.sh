#!/usr/bin/env bash
# Real video: next frame and flow of a model, a run's or the one that comes with the project, beside a
# copy of the last frame and classical flow carried on, on the clips of some folders. Needs OpenCV,
# of the extra bench. $PICTURES names clips whose contact sheets are kept with the results.
#
#     bash experiments/sweeps/real_video.sh clips more
#     MODEL=runs/video PICTURES="box face" bash experiments/sweeps/real_video.sh clips
source "$(dirname "$0")/cells.sh"
MODEL=${MODEL:-vstm/pretrained/conv-2enc-1LSTM}
use_runs runs/real_video

measure_and_keep() { # --output=FOLDER --command=COMMAND
  local folder=${1#--output=} name
  rm -rf "$RUNS/measurement"
  "$python" -m experiments.measure.video "${clips[@]}" --workdir="$MODEL" \
    --output="$RUNS/measurement" "$2"
  mkdir -p "$folder"
  cp "$RUNS"/measurement/{results.json,results.md,measurement.json} "$folder"
  for name in ${PICTURES:-}; do
    keep_picture "$RUNS/measurement/$name.png" "$folder/$name.png"
  done
}
rm -f "$RUNS"/.gathered-* # no run says whether the clips are those of the last time
write_results real_video "MODEL=$MODEL" measure_and_keep
