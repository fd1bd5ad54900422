# Sourced by the sweeps: the cells of a sweep are runs below $RUNS, each trained once. A finished cell
# is skipped by its folder's name: after a change of the recipe, remove it or use other RUNS. What
# fails is listed at the end, and the sweep continues. FLAGS is added to each training, such as for a
# small try:
#
#     FLAGS="--config.data.num_validation=64 --config.data.num_test=64" RUNS=/tmp/try SEQUENCES=40 ...
#
# Sets $clips to the sweep's arguments.
set -euo pipefail
clips=()
for clip in "$@"; do clips+=("$(realpath "$clip")"); done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-.venv/bin/python}
failed=""
trap 'if [ -n "$failed" ]; then echo "failed:$failed" >&2; fi' EXIT

# use_runs DEFAULT: sets $RUNS to it, unless the caller chose others; $BESIDE, the folder of runs of
# other kinds; and $RESULTS, the folder of the folders of results. Results of other runs than the
# default ones are not the committed ones, and stay below these.
use_runs() {
  RUNS=${RUNS:-$1}
  if [ "$RUNS" = "$1" ]; then
    if [ -n "${FLAGS:-}" ]; then
      echo "error: FLAGS changes the cells; expected RUNS of their own with it" >&2
      exit 2
    fi
    BESIDE=$(dirname "$1")
    RESULTS=${RESULTS:-experiments/results}
  else
    BESIDE=$RUNS
    RESULTS=${RESULTS:-$RUNS/results}
  fi
  mkdir -p "$RUNS"
  if [ "$RUNS" != "$1" ] && [ ! -e "$RUNS/.gitignore" ]; then echo '*' >"$RUNS/.gitignore"; fi
}

# attempt NAME COMMAND...: runs a command; where it fails, its name is listed at the end.
attempt() {
  local name=$1 status=0
  shift
  "$@" || status=$?
  case $status in 130 | 143) exit $status ;; esac # stopped by Ctrl-C or SIGTERM
  if [ $status -ne 0 ]; then failed="$failed $name"; fi
}

# train FOLDER FLAG...: trains a run, or resumes one that was stopped; skips a finished one. One
# that fails, or that another process is training, is left out.
train() {
  local folder=$1
  shift
  if [ ! -e "$folder/eval_test.json" ]; then
    # shellcheck disable=SC2086  # several flags
    attempt "$folder" "$python" -m experiments.train --workdir="$folder" "$@" ${FLAGS:-}
  fi
}

# train_variant VARIANT SEED FLAG...: trains a cell of Table 2, of $SEQUENCES below $RUNS, or the same
# with other settings, which $kind tells in its name; sets $folder.
kind=""
train_variant() {
  local variant=$1 seed=$2
  shift 2
  folder=$RUNS/$variant$kind-$SEQUENCES-seed$seed
  train "$folder" \
    --config="experiments/configs/moving_mnist.py:$variant" \
    --config.train.num_sequences="$SEQUENCES" \
    --config.seed="$seed" "$@"
}

# finished FOLDER: ends the sweep unless a run is there that others can begin with.
finished() {
  if [ ! -e "$1/model.npz" ]; then
    echo "error: FROM: $1 has no model.npz; expected the folder of a finished run" >&2
    exit 2
  fi
}

# score_variants FILE MODULE: a module's scores of Table 2's $VARIANTS of $SEED.
score_variants() {
  local variant
  for variant in $VARIANTS; do
    train_variant "$variant" "$SEED"
    score "$folder" "$1" "$2"
  done
}

# score FOLDER FILE MODULE FLAG...: a module's scores of a finished run; skipped if they exist.
score() {
  local folder=$1 file=$2 module=$3
  shift 3
  if [ -e "$folder/eval_test.json" ] && [ ! -e "$folder/$file" ]; then
    attempt "$folder/$file" "$python" -m "experiments.$module" --workdir="$folder" "$@"
  fi
}

# predict MODEL CLIP OUTPUT: predicts a clip, unless that was done after the model was trained.
predict() {
  if [ "$1/model.npz" -nt "$3" ]; then rm -rf "$3"; fi
  if [ ! -e "$3" ]; then
    attempt "$3" "$python" -m experiments.predict --workdir="$1" --input="$2" --output="$3" --zero_flow
  fi
}

# keep_picture FROM TO: copies a picture into results, if there is one.
keep_picture() {
  if [ -e "$1" ]; then cp "$1" "$2"; fi
}

# stale RESULTS GATHERED COMMAND: whether results are missing, or were last gathered from here by
# another command or before a file of the runs came. Results that came from elsewhere, such as by
# git, are gathered into.
stale() {
  [ ! -e "$1/results.json" ] || [ ! -e "$2" ] || [ "$(cat "$2")" != "$3" ] ||
    [ -n "$(find "$RUNS" -path "$RESULTS" -prune -o \
      -type f -newer "$2" ! -name '.gathered-*' -print -quit)" ]
}

# write_results NAME SETTINGS PROGRAM...: fills a folder of results, if it is stale, by a program or
# function that is given --output and --command, the sweep's command line with its settings. At last,
# it fails if something has failed.
write_results() {
  local folder=$RESULTS/$1 gathered=$RUNS/.gathered-$1
  local command="${FLAGS:+FLAGS='$FLAGS' }$2 bash experiments/sweeps/$(basename "$0")"
  if [ ${#clips[@]} -gt 0 ]; then command="$command ${clips[*]##*/}"; fi
  shift 2
  if stale "$folder" "$gathered" "$command"; then
    echo "$command" >"$gathered.part" # before, so that what comes meanwhile is gathered the next time
    "$@" --output="$folder" --command="$command"
    mv "$gathered.part" "$gathered"
  fi
  [ -z "$failed" ] || exit 1
}
