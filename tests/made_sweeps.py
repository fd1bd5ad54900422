"""The sweeps, and a stand-in for Python that writes empty files where programs would."""

from small_run import ROOT

SWEEPS = ROOT / "experiments" / "sweeps"
STAND_IN = """#!/usr/bin/env bash
if [[ $1 == -c ]]; then [[ ${OPENCV:-yes} == yes ]]; exit; fi
flags=""
for flag in "$@"; do
  case $flag in
    --workdir=* | --output=*) folder=${flag#*=} ;;
    --classical | --config.data.num_test=* | --config.model.*) flags="$flags $flag" ;;
    --config.train.initial_model=* | --config.optimizer.schedule=*) flags="$flags $flag" ;;
    --config.flow_loss.photometric_share=* | --config.data.num_train=*) flags="$flags $flag" ;;
    --config=*:paper) flags="$flags paper" ;;
  esac
done
echo "${2#experiments.} $(basename "$folder")$flags"
for failing in ${FAILING:-}; do
  if [[ "$2 $folder" == *$failing* ]]; then exit ${STATUS:-2}; fi
done
mkdir -p "$(dirname "$folder")"
case $2 in
  experiments.train) mkdir -p "$folder" && touch "$folder"/{config,environment,eval_test}.json &&
    touch "$folder"/{metrics.jsonl,model.npz,samples_test.png} ;;
  experiments.evaluate_flow) touch "$folder/flow_test.json" ;;
  experiments.evaluate_ahead) touch "$folder/ahead_test.json" ;;
  experiments.true_flow_floor) echo '"updates": 600,' >"$folder" ;;
  experiments.measure.video)
    mkdir "$folder" && touch "$folder"/{results.json,results.md,measurement.json,{a,b,c}.png} ;;
  *) mkdir -p "$folder" && touch "$folder/results.json" ;;
esac
"""
