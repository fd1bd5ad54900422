"""The tables and figures, by the names of their folders of results, in the page's order.

A new one is an entry here and, in its folder, a `finding.md` of two sentences. Imports nothing
heavy, as a flag offers the names.
"""

from experiments.report.columns import (
    ALL_OF_FLOW,
    CLIPS,
    FLOW,
    PAPER,
    PREDICTION,
    RUN,
    SETTINGS,
)
from experiments.report.table import (
    Curves,
    Evaluations,
    Measurements,
    Predictions,
    ResultFile,
    Table,
    TrainingErrors,
)


def _variants(title: str, floor: dict[str, str]) -> Table:
    """Cross-entropies of variants beside the paper's, and the floor's column, if there is one."""
    return Table(
        title,
        rows=Evaluations("variant", "cross_entropy", "test_cross_entropy"),
        key=("variant", "sequences", "settings", "seed"),
        curves=Curves("validation/cross_entropy", "validation cross-entropy, nats per pixel"),
        columns={"variant": "variant", "sequences": "training sequences"}
        | SETTINGS
        | {"test_cross_entropy": "nats per pixel"}
        | PAPER
        | floor
        | FLOW,
        by=("variant", "sequences", "settings"),
    )


def _runs(title: str, flow: dict[str, str] = ALL_OF_FLOW) -> Table:
    """Runs by their names, with the scores of their predictions and some of their flow's."""
    columns = RUN | PREDICTION | flow
    return Table(title, Evaluations(), ("run",), columns=columns, by=("label", "length"))


TABLES = {
    "table2": _variants(
        "Table 2: six variants, binary moving MNIST", {"floor": "given the true flow"}
    ),
    "longer": _runs("Table 2: variants trained for longer"),
    "paper_recipe": _variants("Table 2 by the paper's own recipe", {}),
    "table3": Table(
        "Table 3: three losses, moving MNIST of real intensities",
        rows=Evaluations("loss", "mean_squared_error", "test_l2"),
        key=("loss", "sequences", "settings", "seed"),
        curves=Curves("validation/mean_squared_error", "validation mean squared error"),
        columns={"loss": "loss", "sequences": "training sequences"}
        | SETTINGS
        | {"test_l2": "squared error"}
        | PAPER,
        by=("loss", "sequences", "settings"),
    ),
    "figure6": Table(
        "Figure 6: training error by updates",
        rows=TrainingErrors("train/cross_entropy"),
        key=("run",),
        curves=Curves(
            "train/cross_entropy",
            "training cross-entropy, nats per pixel",
            picture="figure6.png",
            window=15,
            by="updates",
        ),
        columns=RUN | {f"tenth_{n}": f"tenth {n}" for n in (1, 2, 3, 5, 7, 10)},
        by=("label", "length"),
    ),
    "figure5": _runs("Figure 5: predictions and flow, plain and lined moving MNIST"),
    "flow": Table(
        "Flow against the true one",
        rows=ResultFile("flow"),
        key=("run",),
        columns={"name": "flow"} | RUN | ALL_OF_FLOW,
        by=("name", "label", "length"),
        where={
            "name": (
                *("model", "model_shifted", "true_cells", "zero"),
                *("farneback", "dis", "farneback_seen", "dis_seen"),
            )
        },
    ),
    "photometric": Table(
        "Photometric loss of the flow",
        rows=Evaluations(),
        key=("run",),
        columns={"run": "run", "sequences": "training sequences"} | PREDICTION | ALL_OF_FLOW,
        by=("run", "sequences"),
    ),
    "ahead": Table(
        "Ten frames ahead",
        rows=ResultFile("ahead"),
        key=("run",),
        columns={"name": "of"}
        | RUN
        | {"mean_mse": "squared error, mean of ten", "mse": "squared error, frame"}
        | {"mean_ssim": "SSIM", "mean_nats_per_frame": "nats per frame"},
        by=("name", "label", "length"),
        across=("frame",),
        where={"name": ("model", "copy_last"), "frame": (None, 10)},
    ),
    "protocol": Table(
        "Ten frames ahead by the field's protocol",
        rows=ResultFile("ahead", published=True),
        key=("run",),
        columns={"name": "of", "label": "run", "sequences": "training sequences"}
        | {"parameters": "parameters", "mean_mse": "squared error"}
        | {"mean_mae": "absolute error", "mean_uniform_ssim": "SSIM", "mean_psnr": "PSNR, dB"}
        | {"mean_nats_per_frame": "nats per frame", "mse": "squared error, frame"},
        by=("name", "label", "length"),
        across=("frame",),
        where={"name": ("model", "copy_last", "published"), "frame": (None, 1, 10)},
    ),
    "probe": Table(
        "Do the memory's features help? Linear probes",
        rows=ResultFile("probe"),
        key=("run",),
        columns=RUN | {"mean_iou": "IoU:"},
        by=("label", "length"),
        across=("task", "features"),
        where={
            "task": ("background", "class"),
            "features": ("trained", "untrained", "pixels"),
            "sequences": (1000,),
        },
    ),
    "ablations": _runs("Ablations", FLOW),
    "foreseen": Table(
        "What can be foreseen: an ideal observer of moving MNIST",
        columns={"pixels": "pixels", "frame": "frame ahead", "flow": "flow"}
        | {"cross_entropy": "nats per pixel", "nats_per_frame": "nats per frame"}
        | {"mse": "squared error, frame", "endpoint_error": "endpoint error, px:"},
        by=("pixels", "frame", "flow"),
        across=("cause",),
        where={
            "pixels": ("binary", "float"),
            "frame": (1, 10, "1 to 10"),
            "cause": (None, "all", "plain", "after_turn", "turn", "crossing"),
        },
    ),
    "rates": Table(
        "Learning rates by the length of the run",
        # Written once, of validation sequences and of runs that are gone: not gathered.
        columns={"variant": "variant", "sequences": "training sequences"}
        | {"learning_rate": "learning rate", "memory_rate": "of it, the memory's"}
        | {"validation_cross_entropy": "nats per pixel, validation"},
        by=("variant", "sequences", "learning_rate", "memory_rate"),
    ),
    "warp_check": Table(
        "Figure 3: the warp alone",
        columns={"frame": "frame", "pixels": "pixels", "pairs": "pairs"}
        | {"mean_absolute": "absolute error", "mean_squared": "squared error"}
        | {
            "no_warp_mean_absolute": "absolute, no warp",
            "no_warp_mean_squared": "squared, no warp",
        },
        by=("frame", "pixels"),
    ),
    "predict": Table("Figure 7: real video", rows=Predictions(), columns=CLIPS, by=("prediction",)),
    "real_video": Table(
        "Real video beside a copy and classical flow carried on",
        columns={"clip": "clip", "frames": "frames"}
        | {"ours_to_copy": "squared error to a copy's"}
        | {"dis_to_copy": "DIS, carried on", "farneback_to_copy": "Farneback, carried on"}
        | {"ours_to_better": "ours to the better of copy and DIS"}
        | {"ours_to_zero": "distance of the flow to zero flow's", "dis_to_zero": "DIS"}
        | {"still_ours": "flow where nothing moves, px", "still_dis": "DIS, px"},
        by=("clip",),
    ),
    "real_video_choices": Table(
        "Real video: the recipe's choices, one change at a time, on validation clips",
        rows=Measurements(),
        key=("run",),
        columns={"run": "run", "clips": "clips"}
        | {"ours_to_copy": "squared error to a copy's"}
        | {"ours_to_better": "to the better of copy and DIS"}
        | {"worse_than_copy": "clips above a copy"}
        | {"ours_to_zero": "distance of the flow to zero flow's"}
        | {"still_ours": "flow where nothing moves, px"},
        by=("run",),
    ),
    "flow_choices": Table(
        "Recurrent flow head and sparsity penalty",
        rows=Predictions(),
        columns=CLIPS,
        by=("prediction",),
    ),
    "make_train": Table("What `make train` reaches", rows=ResultFile("eval"), key=("run",)),
    "benchmark": Table(
        "Speed",
        columns={"processor": "processor", "isa": "vectors", "variant": "variant"}
        | {"phase": "phase", "ours_s": "seconds", "torch_s": "PyTorch, s", "speedup": "ratio"}
        | {"ours_peak_mb": "peak MB", "torch_peak_mb": "PyTorch, MB"}
        | {"compilation_s": "compiled in, s"},
        by=("processor", "vector_bits", "cores", "isa", "variant", "phase"),
    ),
    "weak_scaling": Table(
        "Devices that share a batch, each with as much of it",
        columns={"devices": "devices", "one_device_s": "one device, s", "seconds": "they, s"}
        | {"overhead": "overhead", "seconds_of_shares": "sharing the optimiser's state, s"}
        | {"overhead_of_shares": "overhead, sharing it", "device": "device", "commit": "commit"},
        by=("devices",),
    ),
    "compilation": Table(
        "Compilation by size of frame, and of updates",
        columns={"what": "what", "variant": "variant", "size": "frame", "commit": "commit"}
        | {"seconds": "seconds", "further_s": "each further one, s", "peak_mb": "peak MB"},
        by=("what", "variant", "size", "commit"),
    ),
    "single_measurements": Table(
        "Measured once",
        columns={"what": "what", "setting": "setting", "value": "value", "unit": "unit"}
        | {"device": "device"},
        by=("what", "setting", "device"),
    ),
    "endurance": Table(
        "Long runs: memory, open files and speed",
        columns={"what": "what", "tenth": "tenth", "memory_mb": "resident MB"}
        | {"open_files": "open files", "per_second": "per second"},
        by=("what", "tenth"),
    ),
    "drill": Table(
        "What faults cost: the drill",
        columns={"drill": "drill", "done": "what was done", "times": "times", "lost": "lost"}
        | {"measured": "measured", "device": "device"},
        by=("drill",),
    ),
}
