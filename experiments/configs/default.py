"""Every field of an experiment's configuration, with its default.

A new field also has a line in `experiments.configs.formats`, so that earlier runs stay readable,
and its checks in `checks.py`.
"""

import ml_collections


def get_config() -> ml_collections.ConfigDict:
    """The defaults: conv-1enc-1LSTM on binary moving MNIST; what the recipes build on."""
    config = ml_collections.ConfigDict()
    config.variant = "conv-1enc-1LSTM"  # a name of vstm.variants
    config.recipe = ""  # fast | quick | paper: sets what nobody set; "": the values below
    config.loss = "bce"  # bce | intensity | gradient | sum
    config.tau = 10  # frames fed in; the next one is predicted
    config.residual = False  # whether the decoder's output is added to the last frame, moved
    config.normalise_contrast = False  # whether the encoder sees frames of mean 0, deviation 1
    config.convolution = "auto"  # auto | direct | fourier; auto: by platform and size
    config.precision = "float32"  # float32 | tensorfloat32 | bfloat16: accelerators' products
    config.segment = 0  # frames kept for the backward pass, the others recomputed; 0: all kept
    config.seed = 0  # of initial parameters, batches and windows

    config.smoothness = ml_collections.ConfigDict()
    config.smoothness.delta = 1e-3  # Huber's delta, pixels of flow a feature pixel
    config.smoothness.weight = 1e-2  # w_H

    config.memory = ml_collections.ConfigDict()
    config.memory.width = 1.0  # factor on the variant's number of memory features
    config.memory.kernel_size = 7  # side of the ConvLSTM's kernels, feature pixels; odd
    config.memory.initial_range = 0.02  # bound of its weights, uniform at first

    config.flow_head = ml_collections.ConfigDict()
    config.flow_head.recurrent = False  # carries the flow from frame to frame, against flicker
    config.flow_head.returning_gradient = True  # whether gradients that lead back pass the clamp
    config.flow_head.sparsity_weight = 0.0  # of mean |flow| in the loss, against flow on nothing
    config.flow_head.photometric_weight = 0.0  # of the error of the last frame moved along the flow
    config.flow_head.photometric_share = 0.5  # of the run, in which it falls to zero; 0: it stays

    config.data = ml_collections.ConfigDict()
    config.data.name = "moving_mnist"  # moving_mnist | video
    config.data.image_size = 64  # pixels, square
    config.data.sequence_length = 20  # frames; windows of tau + 1 are drawn from them
    config.data.num_train = 10_000  # sequences; of video, as many as there are at most
    config.data.num_validation = 3_000
    config.data.num_test = 3_000

    # Moving MNIST
    config.data.seed = 0  # of the sequences themselves
    config.data.digits = "embedded"  # embedded | idx | tfds
    config.data.directory = ""  # folder of the idx files, or TFDS's data folder
    config.data.tfds_name = "mnist"  # TFDS data set, for digits=tfds
    config.data.pixels = "auto"  # binary | float | auto: binary for bce, else float
    config.data.lines = False  # one fixed vertical and one fixed horizontal line
    config.data.num_digits = 2
    config.data.step = 0.1  # way of a digit a frame, share of the free path
    config.data.speed = "constant"  # constant | drawn: uniform in [0, 2 step] for each digit

    # Video
    config.video = ml_collections.ConfigDict()
    config.video.directory = ""  # folder that `python -m data.prepare` wrote
    config.video.division = 1  # which of the data set's divisions into splits; HMDB-51 has 1 to 3
    config.video.window_stride = 1  # frames from one sequence's start to the next one's
    config.video.random_crops = True  # in training: squares of random size and place
    config.video.max_pan = 0.0  # in training: pixels a frame that such squares move, at most
    config.video.random_flips = True  # in training: every second sequence mirrored
    config.video.random_reversals = False  # in training: every second sequence backwards

    config.optimizer = ml_collections.ConfigDict()
    config.optimizer.name = "muon"  # muon | adam | rmsprop
    config.optimizer.learning_rate = 4e-3
    config.optimizer.schedule = "cosine"  # cosine | halving
    config.optimizer.clip_global_norm = 1.0  # 0: none
    config.optimizer.flow_head_rate = 0.3  # factor on the flow head's learning rate
    config.optimizer.memory_rate = 0.3  # factor on the memory's learning rate
    config.optimizer.clip_elements = 0.0  # 0: none

    config.train = ml_collections.ConfigDict()
    config.train.batch_size = 4  # sequences an update
    config.train.num_sequences = 6_000  # length of the run, in sequences
    config.train.num_targets = 0  # a window's last, predicted; 1: the paper's; 0: min(8, tau)
    config.train.initial_model = ""  # run or model file whose parameters are gone on from
    config.train.log_every_steps = 20
    config.train.image_every_steps = 200
    config.train.validate_every_steps = 500
    config.train.checkpoint_every_steps = 100
    config.train.keep_checkpoints = 2

    config.evaluation = ml_collections.ConfigDict()
    config.evaluation.batch_size = 32
    config.evaluation.num_while_training = 256  # validation sequences, at most
    config.evaluation.num_validation = 1_000  # in the end, at most
    config.evaluation.num_test = 3_000
    return config
