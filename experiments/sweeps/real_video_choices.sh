#!/usr/bin/env bash
# What each choice of the recipe for real video gives, one change at a time: runs on prepared clips,
# measured beside a copy and carried-on classical flow on the clips of some folders, which should be
# validation clips. Needs OpenCV, of the extra bench. Finished cells are skipped, a stopped one is
# continued; several processes may share the cells.
#
#     PREPARED=prepared/video_folder bash experiments/sweeps/real_video_choices.sh clips/validation
#     CELLS="base no-softening" SEQUENCES=800 bash experiments/sweeps/real_video_choices.sh clips/validation
source "$(dirname "$0")/cells.sh"
SEQUENCES=${SEQUENCES:-400}
SEED=${SEED:-0}
VARIANT=${VARIANT:-conv-2enc-1LSTM}
PREPARED=${PREPARED:-prepared/video_folder}
use_runs runs/real_video_choices

declare -A settings=(
  [base]=""
  [no-tracking]="--config.model.tracking=False --config.model.softening=False"
  [no-softening]="--config.model.softening=False"
  [no-decoder-memory]="--config.model.decoder_memory=False"
  [nearest-enlargement]="--config.model.flow_enlargement=nearest"
  [raw-contrast]="--config.model.normalise_contrast=False"
  [photometric-0]="--config.flow_loss.photometric_weight=0.0"
  [photometric-squared]="--config.flow_loss.photometric_penalty=squared"
  [occluded-excluded]="--config.flow_loss.exclude_occluded=True"
  [edge-aware-0]="--config.flow_loss.edge_aware_weight=0.0"
  [sparsity-0]="--config.flow_loss.sparsity_weight=0.0"
  [absolute-loss]="--config.train.relative_loss=False"
  [one-target]="--config.train.num_targets=1"
  [decoder-rate-1]="--config.optimizer.decoder_rate=1.0"
  [one-scale]="--config.video.max_scale=1.0"
  [no-pans]="--config.video.max_pan=0.0"
  [own-contrast]="--config.video.random_contrast=False"
  [all-windows]="--config.video.still_share=1.0"
)
ALL="base no-tracking no-softening no-decoder-memory nearest-enlargement raw-contrast photometric-0
  photometric-squared occluded-excluded edge-aware-0 sparsity-0 absolute-loss one-target decoder-rate-1
  one-scale no-pans own-contrast all-windows"
CELLS=${CELLS:-$ALL}
check_cells

for cell in $CELLS; do
  folder=$RUNS/$VARIANT-$cell-$SEQUENCES-seed$SEED
  # shellcheck disable=SC2086  # a setting is several words
  train "$folder" \
    --config="experiments/configs/video.py:$VARIANT" \
    --config.video.directory="$PREPARED" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.seed="$SEED" \
    --config.evaluation.num_validation=64 \
    --config.evaluation.num_test=64 \
    ${settings[$cell]}
  if finished "$folder"; then
    remake "$folder/clips" "$folder" experiments.measure.video "${clips[@]}" \
      --workdir="$folder" --output="$folder/clips"
  fi
done

settings="SEQUENCES=$SEQUENCES VARIANT=$VARIANT SEED=$SEED"
also CELLS "$ALL"
write_results real_video_choices "$settings" \
  "$python" -m experiments.report --table=real_video_choices --runs="$RUNS"
