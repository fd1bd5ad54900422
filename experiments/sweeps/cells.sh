# Sourced by the sweeps, which set RUNS: the cells of a sweep are runs below it, each trained once. A
# finished cell is skipped by its folder's name: after a change of the recipe, remove it or use other
# RUNS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-.venv/bin/python}
failed=""

# train FOLDER FLAG...: trains a run, or goes on with one that was stopped; skips a finished one. One
# that fails, or that another process is training, is left out, and the sweep goes on.
train() {
  local folder=$1 status=0
  shift
  if [ ! -e "$folder/eval_test.json" ]; then
    "$python" -m experiments.train --workdir="$folder" "$@" || status=$?
    if [ $status -ge 128 ]; then exit $status; fi # stopped by a signal
    if [ $status -ne 0 ]; then failed="$failed $folder"; fi
  fi
}

# train_variant VARIANT SEED FLAG...: trains a cell of Table 2, of $SEQUENCES below $RUNS, or the same
# with other settings; sets $folder.
train_variant() {
  local variant=$1 seed=$2
  shift 2
  folder=$RUNS/$variant-$SEQUENCES-seed$seed
  train "$folder" \
    --config="experiments/configs/moving_mnist.py:$variant" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.seed="$seed" "$@"
}

# score_variants FILE MODULE: a module's scores of Table 2's $VARIANTS of $SEED.
score_variants() {
  local variant
  for variant in $VARIANTS; do
    train_variant "$variant" "$SEED"
    score "$folder" "$1" "$2"
  done
}

# score FOLDER FILE MODULE FLAG...: a module's scores of a finished run; skipped if they are there.
score() {
  local folder=$1 file=$2 module=$3
  shift 3
  if [ -e "$folder/eval_test.json" ] && [ ! -e "$folder/$file" ]; then
    "$python" -m "experiments.$module" --workdir="$folder" "$@"
  fi
}

# predict MODEL CLIP OUTPUT: predicts a clip, unless that was done after the model was trained.
predict() {
  if [ "$1/model.npz" -nt "$3" ]; then rm -rf "$3"; fi
  if [ ! -e "$3" ]; then
    "$python" -m experiments.predict --workdir="$1" --input="$2" --output="$3"
  fi
}

# stale FOLDER: whether results are missing, or a file of the runs came after they were last gathered
# from here; sets $gathered. Results that came from elsewhere, such as by git, are gathered into.
stale() {
  gathered=$RUNS/.gathered-$(basename "$1")
  [ ! -e "$1/results.json" ] || [ ! -e "$gathered" ] ||
    [ -n "$(find "$RUNS" -type f -newer "$gathered" ! -name '.gathered-*' -print -quit)" ]
}

# write_results FOLDER COMMAND...: runs a command that fills a folder of results, if they are stale.
# At last, it fails if a cell did.
write_results() {
  local folder=$1
  shift
  if stale "$folder"; then
    mkdir -p "$RUNS"
    touch "$gathered.part" # before, so that what comes meanwhile is gathered the next time
    "$@" --output="$folder"
    mv "$gathered.part" "$gathered"
  fi
  if [ -n "$failed" ]; then
    echo "not trained:$failed" >&2
    exit 1
  fi
}
