"""HMDB-51: clips by class, with three official divisions into training and test clips.

    CLASS/*.avi                                               51 folders
    testTrainMulti_7030_splits/CLASS_test_split{1,2,3}.txt    lines `NAME.avi 1`; 1: training,
                                                              2: test, 0: unused

Or the archives as downloaded, `hmdb51_org.rar` (one rar per class inside) and
`test_train_splits.rar`, if a program that extracts rar is installed. Clips may also lie in one
folder; their names give the class.

Source: Kuehne et al. 2011; CC BY 4.0.
"""

import re
import shutil
import subprocess
from pathlib import Path

from data.clips.source_clips import SourceClip, visible_files

NUM_DIVISIONS = 3
_CLASSES = (
    "brush_hair|cartwheel|catch|chew|clap|climb|climb_stairs|dive|draw_sword|dribble|drink|eat|"
    "fall_floor|fencing|flic_flac|golf|handstand|hit|hug|jump|kick|kick_ball|kiss|laugh|pick|pour|"
    "pullup|punch|push|pushup|ride_bike|ride_horse|run|shake_hands|shoot_ball|shoot_bow|shoot_gun|"
    "sit|situp|smile|smoke|somersault|stand|swing_baseball|sword|sword_exercise|talk|throw|turn|"
    "walk|wave"
)
_IDS = {"0": "unused", "1": "train", "2": "test"}
_EXTRACTORS = {  # command line by program, each overwriting what a killed one left
    "unrar": ["unrar", "x", "-o+", "-idq", "{archive}", "{folder}/"],
    "unar": ["unar", "-quiet", "-force-overwrite", "-no-directory", "-o", "{folder}", "{archive}"],
    "7z": ["7z", "x", "-y", "-aoa", "-o{folder}", "{archive}"],
    "bsdtar": ["bsdtar", "-xf", "{archive}", "-C", "{folder}"],
}
# What a clip shows of the body, whether the camera moves, how many people, from where, how well.
_NAME = re.compile(rf"(.*)_({_CLASSES})_[hulf]_(?:cm|nm)_np\d+_.*\.avi", re.IGNORECASE)


def hmdb51(source: Path) -> list[SourceClip]:
    """The clips, with their official splits where the lists exist.

    Raises:
      OSError: unreadable.
      ValueError: there are no clips, or a list is malformed; the message names the file.
    """
    paths = visible_files(source, "*.avi")
    if not paths:
        archived = visible_files(source, "*.rar")
        raise ValueError(
            f"{source}: no clips; expected CLASS/*.avi"
            + (f" ({archived[0].name} must be extracted first)" if archived else "")
        )
    divisions = _read_lists(source)
    clips = []
    for path in paths:
        match = _NAME.fullmatch(path.name)
        label = path.parent.name if path.parent != source else match[2] if match else ""
        group = match[1] if match else path.stem
        splits = tuple(division.get(path.name, "unused") for division in divisions)
        clips.append(SourceClip(path.relative_to(source).as_posix(), path, label, group, splits))
    return clips


def _read_lists(source: Path) -> list[dict[str, str]]:
    """Split by name of clip, for each division; empty where there are no lists."""
    divisions: list[dict[str, str]] = []
    for number in range(1, NUM_DIVISIONS + 1):
        splits: dict[str, str] = {}
        for path in visible_files(source, f"*_test_split{number}.txt"):
            lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
            for count, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                name, _, kind = line.strip().rpartition(" ")  # names hold blanks too
                if not name or kind not in _IDS:
                    raise ValueError(
                        f"{path}: line {count}: expected `NAME.avi 0`, 1 or 2, found {line!r}"
                    )
                splits[name.strip()] = _IDS[kind]
        if splits:
            divisions.append(splits)
    if divisions and len(divisions) < NUM_DIVISIONS:
        raise ValueError(
            f"{source}: lists for {len(divisions)} divisions; expected "
            f"CLASS_test_split1.txt to CLASS_test_split{NUM_DIVISIONS}.txt"
        )
    return divisions


def extract(source: Path, folder: Path) -> Path:
    """Extracts the archives of a folder that holds no clips.

    Args:
      source: with the archives, or with clips.
      folder: to extract into; a second call resumes.

    Returns:
      Where the clips are: the source, or the folder.

    Raises:
      ValueError: no program that extracts rar is installed, or it fails; the message names them.
    """
    archives = visible_files(source, "*.rar")
    if not archives or visible_files(source, "*.avi"):
        return source
    program = next((name for name in _EXTRACTORS if shutil.which(name)), None)
    if program is None:
        raise ValueError(
            f"{archives[0]}: rar archives need one of {', '.join(_EXTRACTORS)}, and none is "
            "installed; install one, or extract the archives elsewhere"
        )
    inner = folder / "archives"
    for archive in archives:
        # The clips' archive holds archives, that of the lists a folder of lists.
        _extract(program, archive, folder if "split" in archive.stem else inner)
    for archive in visible_files(inner, "*.rar"):
        _extract(program, archive, folder)
    for path in inner.glob("*"):  # classes that were not in archives of their own
        if path.is_dir():
            path.rename(folder / path.name)
    return folder


def _extract(program: str, archive: Path, folder: Path) -> None:
    done = folder / f".{archive.name}.extracted"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    command = [part.format(archive=archive, folder=folder) for part in _EXTRACTORS[program]]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr or result.stdout).strip().splitlines()[-1:]
        raise ValueError(f"{archive}: {program} fails ({' '.join(reason)})")
    done.touch()
