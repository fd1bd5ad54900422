"""A clip as HMDB-51 has it: frames out of order in the file, and a clock that cannot be."""

from pathlib import Path

import av
import numpy as np

from data.clips.hmdb51 import hmdb51
from data.clips.prepared_clips import PreparedClips
from data.prepare import main as prepare
from data.video.files import VideoFile
from data.video.frame_times import DEFAULT_RATE

FOLDER = Path(__file__).parent / "genuine"
CLIP = FOLDER / "SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi"
NUM_FRAMES = 74


def test_frames_are_those_of_the_decoder_in_any_order():
    video = VideoFile(CLIP)
    with av.open(str(CLIP), metadata_errors="ignore") as container:
        expected = [
            frame.to_ndarray(format="gray")
            for frame in container.decode(container.streams.video[0])
        ]
    assert len(video) == len(expected) == NUM_FRAMES
    assert video.size == (240, 320)
    assert video.problem is None
    for number in [70, 3, 4, 40, 0, 73, 36]:
        np.testing.assert_array_equal(video[number], expected[number])
    # A hand waves: neighbours are alike, frames some apart are not.
    changes = [np.abs(video[i + 1].astype(int) - video[i]).mean() for i in range(0, 60, 10)]
    assert max(changes) < 8


def test_times_ascend_at_a_plausible_rate():
    video = VideoFile(CLIP)
    assert (np.diff(video.times) > 0).all()
    assert 25 <= video.rate <= DEFAULT_RATE


def test_class_and_recording_are_in_the_name():
    (clip,) = hmdb51(FOLDER)
    assert (clip.label, clip.group) == ("wave", "SchoolRulesHowTheyHelpUs")


def test_it_can_be_prepared(tmp_path):
    prepare(["hmdb51", f"--source={FOLDER}", f"--output={tmp_path}", "--split_by=time"])
    (clip,) = PreparedClips(tmp_path)
    assert (clip.num_frames, clip.size, clip.label, clip.cuts) == (
        NUM_FRAMES,
        (120, 160),
        "wave",
        (),
    )
    assert clip.splits[0]["test"] == [67, 74]
