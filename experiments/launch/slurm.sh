#!/bin/bash
# One run on two hosts of four GPUs, a process each; a job that is put back goes on.
#
#   sbatch experiments/launch/slurm.sh --workdir=/shared/runs/large [--config.FIELD=VALUE ...]
#
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --signal=TERM@120
#SBATCH --requeue
cd "${SLURM_SUBMIT_DIR:?submit it from the root of the checkout}"
exec srun .venv/bin/python -m experiments.train \
  --config=experiments/configs/moving_mnist.py:conv-1enc-2LSTM \
  --config.train.batch_size=32 --config.train.updates_per_call=20 "$@"
