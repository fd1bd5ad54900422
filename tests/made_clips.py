"""Videos to prepare, and their preparation."""

from made_video import make_video

from data.clips.prepared_clips import FRAMES_PER_RECORD
from data.prepare import main

NUM_FRAMES = 2 * FRAMES_PER_RECORD + 5


def make_clips(source):
    """Five clips in a new folder; three of them cannot be used."""
    (source / "wave").mkdir(parents=True)
    make_video(source / "wave" / "long.avi", NUM_FRAMES, size=(239, 321))
    make_video(source / "other.mp4", 14, times=[40 * i + 15 * (i % 3) for i in range(14)])
    make_video(source / "short.mp4", 4)
    (source / "text.avi").write_text("this is not a video")
    whole = make_video(source / "cut.mp4", 20)
    whole.write_bytes(whole.read_bytes()[:-500])
    return source


def run(name, source, *options):
    output = source.parent / "prepared"
    assert main([name, f"--source={source}", f"--output={output}", *options]) == 0
    return output


def run_wrongly(capsys, *arguments):
    """The one line that is said of them."""
    assert main([str(argument) for argument in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line
