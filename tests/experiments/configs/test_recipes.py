import pytest
from absl.flags import FlagValues
from ml_collections import config_flags

from experiments.configs import moving_mnist, scenes, video
from experiments.configs.config import differences, resolve
from experiments.console.errors import UserError
from experiments.run import build


def test_paper_recipe_is_section_4():
    config = resolve(moving_mnist.get_config("fc-2enc-1LSTM:paper"))
    assert config.variant == "fc-2enc-1LSTM"
    optimizer = config.optimizer
    assert (optimizer.name, optimizer.learning_rate) == ("rmsprop", 1e-4)
    assert (optimizer.schedule, optimizer.clip_elements) == ("halving", 50)
    assert optimizer.clip_global_norm == 0
    assert (optimizer.flow_head_rate, optimizer.memory_rate) == (1, 1)
    assert (config.train.batch_size, config.tau) == (1, 10)
    assert (config.flow_loss.smoothness_delta, config.flow_loss.smoothness_weight) == (1e-3, 1e-2)
    assert (config.data.num_train, config.data.num_validation) == (10_000, 3_000)


def from_command_line(config, *flags):
    """A configuration with fields overridden by flags, as the programs do it."""
    values, argv = FlagValues(), ["program", *flags]
    config_flags.DEFINE_config_dict("config", config, flag_values=values, sys_argv=argv)
    values(argv)
    return resolve(values.config)


def recipe_of(config):
    return (
        config.flow_loss.sparsity_weight,
        config.flow_loss.photometric_weight,
        config.optimizer.flow_head_rate,
        config.optimizer.memory_rate,
    )


@pytest.mark.parametrize(
    "variant, recipe",
    [
        ("conv-1enc-1LSTM", (1e-3, 3.0, 0.3, 0.3)),
        ("conv-1enc-2LSTM", (1e-3, 3.0, 0.05, 0.3)),
        ("fc-2enc-1LSTM", (1e-3, 0.0, 0.3, 0.003)),
    ],
)
def test_fast_recipe_is_that_of_the_variant_in_force(variant, recipe):
    assert recipe_of(from_command_line(moving_mnist.get_config(variant))) == recipe
    other = moving_mnist.get_config("conv-1enc-2LSTM")
    assert recipe_of(from_command_line(other, f"--config.variant={variant}")) == recipe


def test_gpu_recipe_is_fast_in_batches_eight_times_as_large():
    """Of as many updates, at a rate that grows with the square root."""
    ours, fast = (
        resolve(moving_mnist.get_config(f"conv-1enc-2LSTM:{name}")) for name in ("gpu", "fast")
    )
    assert differences(ours, fast) == {
        "optimizer.learning_rate": "0.0113 / 0.004",
        "train.batch_size": "32 / 4",
        "train.num_sequences": "48000 / 6000",
        "train.updates_per_call": "20 / 1",
        "train.frames_on_device": "True / False",
    }
    assert build.num_steps(ours) == build.num_steps(fast) == 1500


def test_recipe_follows_the_command_line_and_given_fields_stay():
    config = from_command_line(
        moving_mnist.get_config("conv-1enc-1LSTM"),
        "--config.variant=fc-2enc-2LSTM",
        "--config.recipe=paper",
        "--config.optimizer.memory_rate=0.3",  # the default, but said
        "--config.train.batch_size=4",
    )
    assert (config.optimizer.name, config.optimizer.learning_rate) == ("rmsprop", 1e-4)
    assert (config.optimizer.memory_rate, config.train.batch_size) == (0.3, 4)
    assert config.train.num_targets == 1


def test_fields_that_no_recipe_in_force_sets_have_their_defaults():
    flags = "--config.recipe=paper", "--config.video.directory=x"
    config = from_command_line(video.get_config(), *flags)
    assert (config.model.residual, config.model.normalise_contrast, config.video.max_pan) == (
        False,
        False,
        0,
    )
    assert (config.loss, config.tau, config.optimizer.name) == ("sum", 12, "rmsprop")


def test_scenes_are_trained_on_as_video_is():
    made = resolve(scenes.get_config("conv-1enc-2LSTM"))
    filmed = from_command_line(video.get_config("conv-1enc-2LSTM"), "--config.video.directory=x")
    differing = differences(made, filmed).keys()
    assert "data.name" in differing
    assert {path for path in differing if not path.startswith("video.")} == {"data.name"}


@pytest.mark.parametrize(
    "specification, message",
    [("conv-1enc", "did you mean 'conv-1enc-"), ("conv-1enc-1LSTM:slow", "unknown recipe 'slow'")],
)
def test_unknown_specification_is_named(specification, message):
    with pytest.raises(ValueError, match=message):
        moving_mnist.get_config(specification)


def test_recipes_of_other_data_are_refused():
    config = video.get_config("conv-1enc-1LSTM:quick")
    with pytest.raises(UserError, match=r"config.recipe='quick', of data video: .*fast, paper"):
        resolve(config)
