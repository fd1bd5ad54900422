"""Image files: orientation, transparency, kinds of pixels, animations, damage."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data.video.files import open_video
from data.video.images import ImageFile, read_rgb

STORED = np.array([[40, 100, 130], [160, 220, 250]], np.uint8)
UPRIGHT = {  # EXIF 2.3, tag 0x0112: where row 0 and column 0 of what is stored are to be seen
    1: [[40, 100, 130], [160, 220, 250]],
    2: [[130, 100, 40], [250, 220, 160]],
    3: [[250, 220, 160], [130, 100, 40]],
    4: [[160, 220, 250], [40, 100, 130]],
    5: [[40, 160], [100, 220], [130, 250]],
    6: [[160, 40], [220, 100], [250, 130]],
    7: [[250, 130], [220, 100], [160, 40]],
    8: [[130, 250], [100, 220], [40, 160]],
}


def only_frame(path):
    (image,) = open_video(path)
    return image


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_images_are_upright(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {".jpg": {"quality": 100}, ".webp": {"lossless": True}}.get(suffix, {})
    image = Image.fromarray(STORED.repeat(8, 0).repeat(8, 1)).convert("RGB")
    image.save(tmp_path / f"0{suffix}", exif=exif, **options)
    expected = np.array(UPRIGHT[orientation])
    for found in (only_frame(tmp_path), read_rgb(tmp_path / f"0{suffix}")[..., 1]):
        assert found.shape == (8 * expected.shape[0], 8 * expected.shape[1])
        np.testing.assert_allclose(found[4::8, 4::8], expected, atol=2)


def with_alpha(path):
    pixels = np.array([[[200, 200, 200, 255], [200, 200, 200, 0], [200, 200, 200, 51]]], np.uint8)
    Image.fromarray(pixels).save(path)


def grey_with_alpha(path):
    Image.fromarray(np.array([[[200, 255], [200, 0], [200, 51]]], np.uint8), "LA").save(path)


def palette_with_alpha(path):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([200] * 9)
    image.save(path, transparency=bytes([255, 0, 51]))


@pytest.mark.parametrize("make", [with_alpha, grey_with_alpha, palette_with_alpha])
def test_what_is_transparent_is_over_black(tmp_path, make):
    make(tmp_path / "0.png")
    np.testing.assert_allclose(only_frame(tmp_path), [[200, 0, 40]], atol=1)
    np.testing.assert_allclose(read_rgb(tmp_path / "0.png")[..., 2], [[200, 0, 40]], atol=1)


@pytest.mark.parametrize("kind, scale", [(np.uint8, 1), (np.uint16, 256)])
def test_a_grey_level_that_stands_for_transparency_is_black(tmp_path, kind, scale):
    levels = np.array([[200, 100]], kind) * kind(scale)
    Image.fromarray(levels).save(tmp_path / "0.png", transparency=100 * scale)
    np.testing.assert_array_equal(only_frame(tmp_path), [[200, 0]])


def test_kinds_of_pixels(tmp_path):
    y, x = np.mgrid[:16, :16]
    rgb = np.stack([8 * x, 8 * y, 200 - 4 * x - 4 * y], axis=-1).astype(np.uint8)
    grey = rgb @ [0.299, 0.587, 0.114]
    image = Image.fromarray(rgb)
    images = {
        "cmyk.jpg": image.convert("CMYK"),
        "rgb.jpg": image,
        "rgb.webp": image,
        "grey.png": Image.fromarray(np.round(grey).astype(np.uint8)),
        "sixteen.pgm": Image.fromarray((257 * np.round(grey)).astype(np.uint16)),
        "sixteen.tif": Image.fromarray((257 * np.round(grey)).astype(np.uint16)),
        "rgb.bmp": image,
    }
    for name, content in images.items():
        options = {"quality": 100} if name.endswith((".jpg", ".webp")) else {}
        content.save(tmp_path / name, **options)
        np.testing.assert_allclose(only_frame(tmp_path / name), grey, atol=6, err_msg=name)
    image.quantize(256).save(tmp_path / "palette.png")
    np.testing.assert_allclose(only_frame(tmp_path / "palette.png"), grey, atol=12)
    Image.fromarray(grey > 100).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(only_frame(tmp_path / "bits.png"), 255 * (grey > 100))


def test_hidden_files_and_folders_are_no_images(tmp_path):
    Image.fromarray(STORED).save(tmp_path / "1.png")
    for name in ("._1.png", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    (tmp_path / "2.png").mkdir()
    np.testing.assert_array_equal(only_frame(tmp_path), STORED)


LEVELS = [30, 90, 150, 210]
MILLISECONDS = [40, 40, 120, 40]


def save_animation(path):
    first, *others = [Image.new("RGB", (16, 8), (level,) * 3) for level in LEVELS]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=others, duration=MILLISECONDS, **options)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.apng", "a.webp"])
def test_frames_of_an_animation(tmp_path, name):
    save_animation(tmp_path / name)
    frames = open_video(tmp_path / name)
    assert (len(frames), frames.size, frames.problem) == (4, (8, 16), None)
    for images in (list(frames), [frames[i] for i in (3, 0, 2, 1)], frames[:]):
        assert {image.shape for image in images} == {(8, 16)}
    np.testing.assert_allclose([image.mean() for image in frames], LEVELS, atol=1)
    np.testing.assert_allclose([frames[i].mean() for i in (3, 0, 2, 1)], [210, 30, 150, 90], atol=1)
    np.testing.assert_allclose(frames.times, [0, 0.04, 0.08, 0.2])
    assert (frames.rate, frames.constant_rate) == (15, False)
    with pytest.raises(IndexError):
        frames[4]


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_an_animation_in_a_folder_is_refused_by_name(tmp_path, name):
    save_animation(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name}: holds 4 images; expected one in each file"):
        open_video(tmp_path)


def test_a_cut_off_animation_has_the_frames_before_the_cut(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    first, *others = map(Image.fromarray, noise)
    path = tmp_path / "a.png"
    first.save(path, save_all=True, append_images=others, duration=50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames = ImageFile(path)
    assert 1 <= len(frames) <= 3
    assert frames.problem == f"is damaged after {len(frames)} of 6 frames"
    assert len(list(frames)) == len(frames)


def png_header(width, height):
    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [60_000, 9_000, 12_000])
def test_absurd_sizes_are_refused_before_memory_is_taken(tmp_path, side):
    (tmp_path / "0.png").write_bytes(png_header(side, side))
    for path in (tmp_path, tmp_path / "0.png"):
        with pytest.raises(ValueError, match=r"0\.png: .*pixels"):
            open_video(path)


@pytest.mark.parametrize(
    "name, content",
    [
        ("0.pgm", b"P5.64 48|" + bytes(range(128, 256))),
        ("0.pgm", b"P5 8 8 255\n" + bytes(10)),
        ("0.png", png_header(8, 8)),
        ("0.png", b"\x89PNG\r\n\x1a\n" + bytes(40)),
        ("0.webp", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24)),
        ("0.tif", b"II*\0\x08\0\0\0\xff\xff" + bytes(30)),
        ("0.bmp", b"BM" + bytes(60)),
        ("0.gif", b"GIF89a\x08\0\x08\0\0\0\0"),
        ("0.jpg", b""),
    ],
)
def test_damage_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name}: not a readable image"):
        list(open_video(tmp_path / name))
