# Sourced by the sweeps: the cells of a sweep are runs below $RUNS, each trained once. A cell is skipped
# if the same command has finished it, as its file `.finished` says; else the training program decides,
# which refuses other settings and continues a run that was stopped. After a change of the recipe
# itself, remove the cell or use other RUNS. What fails is listed at the end, and the sweep continues.
# FLAGS is added to each training, such as for a small try:
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

# use_runs FOLDER: sets $RUNS to the sweep's folder, such as runs/table2, or that below the caller's RUNS,
# which then stands for runs, and $given, the caller's; $BESIDE, the folder of runs of other kinds; and
# $RESULTS, the folder of the folders of results. Results of other runs than those below runs are not
# the committed ones, and stay below these.
use_runs() {
  given=${RUNS:-}
  if [ -z "$given" ]; then
    if [ -n "${FLAGS:-}" ]; then
      echo "error: FLAGS changes the cells; expected RUNS of their own with it" >&2
      exit 2
    fi
    BESIDE=$(dirname "$1")
    RESULTS=${RESULTS:-experiments/results}
  else
    BESIDE=${given%/}
    RESULTS=${RESULTS:-$BESIDE/results}
  fi
  RUNS=$BESIDE/$(basename "$1")
  mkdir -p "$RUNS"
  if [ -n "$given" ] && [ ! -e "$BESIDE/.gitignore" ]; then echo '*' >"$BESIDE/.gitignore"; fi
}

# attempt NAME COMMAND...: runs a command; where it fails, its name is listed at the end. Sets $status.
attempt() {
  local name=$1
  status=0
  shift
  "$@" || status=$?
  case $status in 130 | 143) exit $status ;; esac # stopped by Ctrl-C or SIGTERM
  if [ $status -ne 0 ]; then failed="$failed $name"; fi
}

# made FOLDER MODULE FLAG...: whether that was the last command to finish the folder.
made() {
  local folder=$1
  shift
  [ -e "$folder/.finished" ] && [ "$(cat "$folder/.finished")" = "$*" ]
}

# finish FOLDER MODULE FLAG...: has the folder made by a module of Python, unless it is, see `made`.
finish() {
  local folder=$1
  shift
  if made "$folder" "$@"; then return; fi
  rm -f "$folder/.finished"
  attempt "$folder" "$python" -m "$@"
  if [ $status -eq 0 ]; then echo "$*" >"$folder/.finished"; fi
}

# train FOLDER FLAG...: trains a run, or resumes one that was stopped; skips a finished one. One
# that fails, or that another process is training, is left out.
train() {
  local folder=$1
  shift
  # shellcheck disable=SC2086  # several flags
  finish "$folder" experiments.train --workdir="$folder" "$@" ${FLAGS:-}
}

# finished FOLDER: whether a run is one that others can begin with: finished by this sweep, or $from.
finished() {
  case " $failed " in *" $1 "*) return 1 ;; esac
  [ -e "$1/.finished" ] || [ "$1" = "${from:-}" ]
}

# also NAME DEFAULT: adds a setting of the sweep to $settings, unless it is the default.
also() {
  if [ "${!1:-}" != "$2" ]; then settings="$settings $1='${!1}'"; fi
}

# check_cells: ends the sweep unless all of $CELLS are $ALL's.
check_cells() {
  local cell known
  known=$(printf '%s\n' $ALL | xargs)
  for cell in $CELLS; do
    case " $known " in
      *" $cell "*) ;;
      *) echo "error: CELLS: unknown $cell; known: $known" >&2 && exit 2 ;;
    esac
  done
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

# begin_from FOLDER: ends the sweep unless it is that of a finished run; sets $folder and $from to it.
begin_from() {
  local file
  from=${1%/}
  for file in model.npz eval_test.json; do
    if [ ! -e "$from/$file" ]; then
      echo "error: FROM: $from has no $file; expected the folder of a finished run" >&2
      exit 2
    fi
  done
  folder=$from
}

# begun_from FROM VARIANT: what runs that begin with another one have in their names: its own name,
# without VARIANT- and -seedSEED.
begun_from() {
  local name=${1%/}
  name=${name##*/}
  name=${name#"$2"-}
  echo "-from-${name%-seedSEED}"
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

# remake FOLDER MODEL MODULE FLAG...: has the folder made anew, see `finish`, unless it is, and was after
# the model. Where that fails, the earlier one stays.
remake() {
  local folder=$1 model=$2
  shift 2
  if made "$folder" "$@" && [ ! "$model/model.npz" -nt "$folder/.finished" ]; then return; fi
  if [ -e "$folder.before" ]; then # a call was stopped, and the folder is of its half
    rm -rf "$folder"
  elif [ -e "$folder" ]; then
    mv "$folder" "$folder.before"
  fi
  finish "$folder" "$@"
  if [ $status -ne 0 ] && [ -e "$folder.before" ]; then
    rm -rf "$folder"
    mv "$folder.before" "$folder"
  fi
  rm -rf "$folder.before"
}

# predict MODEL CLIP OUTPUT: predicts a clip, unless that was done after the model was trained.
predict() {
  remake "$3" "$1" experiments.predict --workdir="$1" --input="$2" --output="$3" --zero_flow
}

# check_clips: ends the sweep if two of $clips have one name.
check_clips() {
  local clip repeated
  repeated=$(for clip in "${clips[@]}"; do name_of "$clip"; done | sort | uniq -d | xargs)
  if [ -n "$repeated" ]; then
    echo "error: several clips have the name $repeated" >&2
    exit 2
  fi
}

# name_of CLIP: a clip's name, without the suffix of a file.
name_of() {
  local name
  name=$(basename "$1")
  if [ -d "$1" ]; then echo "$name"; else echo "${name%.*}"; fi
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
