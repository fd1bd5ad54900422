"""Every reader of files, with whole files, ways to damage them, and a use of what is read."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from array_record.python.array_record_module import ArrayRecordWriter

from data.clips.data_set import VideoOptions, open_training
from data.clips.prepared_clips import CLIPS_FOLDER, DATASET_FILE, PreparedClips
from data.flo import read_flo, write_flo
from data.kitti_flow import read_kitti, write_kitti
from data.moving_mnist.digits import read_idx_folder, read_npz
from data.moving_mnist.published import PublishedTestSet
from data.sequences import SequenceOptions
from data.video.files import open_video
from data.video.selection import Selection
from data.video.stream import frames, open_stream
from experiments.configs.config import read_json, to_json
from experiments.drill.fuzz import seeds
from experiments.drill.fuzz.mutations import (
    Mutate,
    bytes_of,
    gz_of,
    image_of,
    json_lines_of,
    json_of,
    npy_of,
    npz_of,
)
from experiments.measure.final_evaluation import read_evaluation, table
from experiments.report import evaluations
from experiments.report.learning_curves import read_curve, tenths
from experiments.report.results_table import results_table
from experiments.report.table import Evaluations
from experiments.report.tables import TABLES
from experiments.run import build
from vstm.inference.model_file import load_model

_SEQUENCES = SequenceOptions(image_size=16, sequence_length=3)
_MOST = 200  # frames that are read of what claims more


@dataclass(frozen=True)
class Reader:
    """A reader under test.

    Attributes:
      make: writes whole files into a folder; returns what is damaged, by path below the folder.
      mutate: damages one.
      read: reads a file and uses all of it.
      write: puts what is damaged into its place.
    """

    make: Callable[[Path], dict[str, bytes]]
    mutate: Mutate
    read: Callable[[Path], object]
    write: Callable[[Path, bytes], object] = Path.write_bytes


def _one(name: str, content: Callable[[], bytes]) -> Callable[[Path], dict[str, bytes]]:
    return lambda folder: {name: content()}


def _idx(pack: Callable[[bytes], bytes], suffix: str) -> Callable[[Path], dict[str, bytes]]:
    def make(folder: Path) -> dict[str, bytes]:
        contents = {"images-idx3": seeds.idx_images(), "labels-idx1": seeds.idx_labels()}
        made = {f"t10k-{kind}-ubyte{suffix}": pack(content) for kind, content in contents.items()}
        for name, content in made.items():
            (folder / name).write_bytes(content)
        return made

    return make


def _model(folder: Path) -> dict[str, bytes]:
    return {"model.npz": seeds.model_npz(folder / "model.npz")}


def _read_idx(path: Path) -> None:
    read_idx_folder(path.parent, "test")


def _read_published(path: Path) -> None:
    published = PublishedTestSet(path, "binary")
    for index in {0, len(published) // 2, len(published) - 1}:
        published[index]


def _prepared(folder: Path) -> dict[str, bytes]:
    seeds.prepared(folder)
    return {DATASET_FILE: (folder / DATASET_FILE).read_bytes()}


def _clip(folder: Path) -> dict[str, bytes]:
    seeds.prepared(folder)
    name = f"{CLIPS_FOLDER}/{seeds.CLIP}"
    return {name: (folder / name).read_bytes()}


def _record(folder: Path) -> dict[str, bytes]:
    seeds.prepared(folder)
    return {f"{CLIPS_FOLDER}/{seeds.CLIP}": seeds.record_npz()}


def _write_record(path: Path, content: bytes) -> None:
    """A clip whose records are intact, and hold something else than arrays."""
    path.unlink()
    writer = ArrayRecordWriter(str(path), "group_size:1")
    writer.write(content)
    writer.write(content)
    writer.close()


def _read_windows(path: Path) -> None:
    training = open_training(VideoOptions(directory=str(path.parent)), _SEQUENCES)
    item = training.source[len(training.source) - 1]
    assert training.augmentation is not None
    training.augmentation(item, np.random.default_rng(0))


def _read_clip(path: Path) -> None:
    clips = PreparedClips(path.parent.parent)
    for start in range(0, clips[0].num_frames, 16):
        clips.read(0, start, min(start + 16, clips[0].num_frames))


def _images(folder: Path) -> dict[str, bytes]:
    return {f"a.{suffix}": seeds.image(suffix) for suffix in seeds.IMAGES}


def _videos(folder: Path) -> dict[str, bytes]:
    return {f"a.{suffix}": seeds.video(suffix, folder / f"a.{suffix}") for suffix in seeds.VIDEOS}


def _read_video(path: Path) -> None:
    video = open_video(path)
    for _ in itertools.islice(video, _MOST):
        pass
    video[len(video) // 2], video[0]
    stream = open_stream(str(path))
    for _ in itertools.islice(frames(stream, Selection()), _MOST):
        pass


def _read_config(path: Path) -> None:
    config = read_json(path)
    build.make_model(config)
    build.make_tx(config, 1_000)
    to_json(config)


def _run(damaged: str) -> Callable[[Path], dict[str, bytes]]:
    def make(folder: Path) -> dict[str, bytes]:
        contents = {
            "config.json": seeds.config_json(),
            "metrics.jsonl": seeds.metrics_jsonl(),
            "eval_test.json": seeds.evaluation_json(),
            "flow_test.json": seeds.flow_scores_json(),
            "environment.json": seeds.environment_json(),
        }
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        return {damaged: contents[damaged]}

    return make


def _read_metrics(path: Path) -> None:
    tenths(read_curve(path.parent, "train/loss"))


def _read_evaluation(path: Path) -> None:
    evaluation = path.parent / "eval_test.json"
    for name in ("table2", "ablations"):
        source = TABLES[name].rows
        assert isinstance(source, Evaluations)
        results_table(evaluations.rows(source, path.parent.parent, [evaluation]), "command")
    result = read_evaluation(path.parent, "test")
    if result is not None:
        table(result)


def _flow(suffix: str) -> Callable[[Path], dict[str, bytes]]:
    def make(folder: Path) -> dict[str, bytes]:
        path = folder / f"a{suffix}"
        (write_flo if suffix == ".flo" else write_kitti)(path, seeds.flow())
        return {path.name: path.read_bytes()}

    return make


READERS: dict[str, Reader] = {
    "digits, npz": Reader(
        _one("digits.npz", seeds.digits_npz), npz_of, lambda path: read_npz(path, "train")
    ),
    "digits, idx": Reader(_idx(bytes, ""), bytes_of, _read_idx),
    "digits, gz": Reader(_idx(seeds.gz, ".gz"), gz_of(bytes_of), _read_idx),
    "published npy": Reader(_one("test_seq.npy", seeds.published_npy), npy_of, _read_published),
    "model npz": Reader(_model, npz_of, load_model),
    "dataset.json": Reader(_prepared, json_of, _read_windows),
    "clips": Reader(_clip, bytes_of, _read_clip),
    "records of clips": Reader(_record, npz_of, _read_clip, _write_record),
    "images": Reader(_images, bytes_of, _read_video),
    "images, sizes": Reader(_images, image_of, _read_video),
    "video": Reader(_videos, bytes_of, _read_video),
    "config.json": Reader(_run("config.json"), json_of, _read_config),
    "metrics.jsonl": Reader(_run("metrics.jsonl"), json_lines_of, _read_metrics),
    "eval_test.json": Reader(_run("eval_test.json"), json_of, _read_evaluation),
    "flow_test.json": Reader(_run("flow_test.json"), json_of, _read_evaluation),
    "environment.json": Reader(_run("environment.json"), json_of, _read_evaluation),
    "flo": Reader(_flow(".flo"), bytes_of, read_flo),
    "kitti": Reader(_flow(".png"), bytes_of, read_kitti),
}
