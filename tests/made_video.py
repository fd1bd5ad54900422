"""Small video files whose frames show their number."""

from fractions import Fraction

import av
import numpy as np


def level(number):
    """Grey level of a frame, by its number; neighbours differ by 24."""
    return 16 + 24 * (number * 7 % 10)


def frame_number_image(number, size):
    """uint8 [H, W]: left half: level of the number, right half: of its tens."""
    height, width = size
    image = np.zeros((height, width), np.uint8)
    image[:, : width // 2] = level(number)
    image[:, width // 2 :] = level(number // 10)
    return image


def make_video(
    path,
    num_frames,
    size=(48, 64),
    codec="mpeg4",
    options=None,
    times=None,
    key_every=5,
    draw=frame_number_image,
    rate=25,
    pix_fmt="yuv420p",
    set_up=None,
):
    """Writes frames 0, 1, ..., as `draw`; `times` in milliseconds, else `rate` frames per second.

    `set_up` changes the stream before the first frame.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = size
        stream.pix_fmt = pix_fmt
        stream.gop_size = key_every
        stream.bit_rate = 2_000_000
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if set_up is not None:
            set_up(stream)
        container.start_encoding()  # writes the header, also where no frame follows
        for number in range(num_frames):
            frame = av.VideoFrame.from_ndarray(draw(number, size), format="gray")
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def number_of(image, num_frames):
    """Number of the frame that an image shows, by its grey levels; there are ten."""
    middle = image[:, : image.shape[1] // 2 - 8].mean()
    distances = [abs(middle - level(number)) for number in range(num_frames)]
    assert min(distances) < 8
    return int(np.argmin(distances))
