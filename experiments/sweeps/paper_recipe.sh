#!/usr/bin/env bash
# Table 2 by the paper's own recipe (section 4: RMSProp, one sequence an update, one target), after each
# of LENGTHS training sequences, in ascending order. Its rate does not depend on a run's length, so each
# goes on from a copy of the one before. Finished cells are skipped, a stopped one is continued.
#
#     LENGTHS="20000 100000" VARIANTS=conv-1enc-1LSTM bash experiments/sweeps/paper_recipe.sh
source "$(dirname "$0")/cells.sh"
LENGTHS=${LENGTHS:-20000 100000}
SEEDS=${SEEDS:-0}
VARIANTS=${VARIANTS:-conv-1enc-1LSTM}
use_runs runs/paper_recipe

for seed in $SEEDS; do
  for variant in $VARIANTS; do
    before=""
    for SEQUENCES in $LENGTHS; do
      longer=$RUNS/$variant-$SEQUENCES-seed$seed
      if [ -e "$before/eval_test.json" ] && [ ! -e "$longer" ]; then
        rm -rf "$longer.part"
        cp -r "$before" "$longer.part"
        rm -f "$longer.part"/*_{test,validation}.json
        mv "$longer.part" "$longer"
      fi
      train_variant "$variant" "$seed" --config.recipe=paper
      score "$folder" flow_test.json evaluate_flow
      before=$folder
    done
  done
done
write_results paper_recipe "LENGTHS='$LENGTHS' VARIANTS='$VARIANTS' SEEDS='$SEEDS'" \
  "$python" -m experiments.report --table=paper_recipe --runs="$RUNS"
