#!/usr/bin/env bash
# Table 2 by the paper's own recipe (section 4: RMSProp, one sequence an update, one target), after each
# of LENGTHS training sequences. Its rate does not depend on a run's length, so one run of a variant is
# trained further and further, below $RUNS/whole, and a cell is what it was at one length. Finished cells
# are skipped, a stopped run is continued.
#
#     LENGTHS="20000 100000" VARIANTS=conv-1enc-1LSTM bash experiments/sweeps/paper_recipe.sh
source "$(dirname "$0")/cells.sh"
LENGTHS=$(printf '%s\n' ${LENGTHS:-20000 100000} | sort -n | xargs)
SEEDS=${SEEDS:-0}
VARIANTS=${VARIANTS:-conv-1enc-1LSTM}
use_runs runs/paper_recipe

# keep RUN CELL: what the report reads of a scored run; the evaluation last, by which a cell is known.
keep() {
  mkdir -p "$2" &&
    cp "$1"/{config.json,environment.json,metrics.jsonl,flow_test.json} "$2" &&
    cp "$1/eval_test.json" "$2/eval_test.json.part" &&
    mv "$2/eval_test.json.part" "$2/eval_test.json"
}

for seed in $SEEDS; do
  for variant in $VARIANTS; do
    run=$RUNS/whole/$variant-seed$seed
    for length in $LENGTHS; do
      cell=$RUNS/$variant-$length-seed$seed
      if [ -e "$cell/eval_test.json" ]; then continue; fi
      # shellcheck disable=SC2086  # several flags
      attempt "$cell" "$python" -m experiments.train --workdir="$run" \
        --config="experiments/configs/moving_mnist.py:$variant:paper" \
        --config.train.num_sequences="$length" --config.seed="$seed" ${FLAGS:-}
      case " $failed " in *" $cell "*) break ;; esac
      score "$run" flow_test.json evaluate_flow
      if [ -e "$run/flow_test.json" ]; then attempt "$cell" keep "$run" "$cell"; fi
    done
  done
done
write_results paper_recipe "LENGTHS='$LENGTHS' VARIANTS='$VARIANTS' SEEDS='$SEEDS'" \
  "$python" -m experiments.report --table=paper_recipe --runs="$RUNS"
