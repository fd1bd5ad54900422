#!/usr/bin/env bash
# Figure 3: the warp alone, by the true flow of MPI-Sintel.
#
#     SINTEL=~/MPI-Sintel-complete bash experiments/sweeps/figure3.sh
: "${SINTEL:?folder of MPI-Sintel, or of one scene}"
sintel=$(realpath "$SINTEL")
source "$(dirname "$0")/cells.sh"
use_runs runs/figure3

rm -f "$RUNS"/.gathered-* # no run says whether the data are those of the last time
write_results warp_check "SINTEL=DIR" \
  "$python" -m experiments.warp_check --source="$sintel"
