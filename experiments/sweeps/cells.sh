# Sourced by the sweeps: the cells of a sweep are runs, each trained once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-.venv/bin/python}
changed=false

# train FOLDER FLAG...: trains a run, or goes on with one that was stopped; skips a finished one.
train() {
  local folder=$1
  shift
  if [ ! -e "$folder/eval_test.json" ]; then
    "$python" -m experiments.train --workdir="$folder" "$@"
    changed=true
  fi
}

# score_flow FOLDER FLAG...: scores the flow of a run on moving MNIST; skips one that has its scores.
score_flow() {
  local folder=$1
  shift
  if [ ! -e "$folder/flow_test.json" ]; then
    "$python" -m experiments.evaluate_flow --workdir="$folder" "$@"
    changed=true
  fi
}

# write_results FOLDER COMMAND...: runs a command that fills a folder of results; skips it if all
# cells were there before and the folder too.
write_results() {
  local folder=$1
  shift
  if $changed || [ ! -e "$folder/results.json" ]; then
    "$@" --output="$folder"
  fi
}
