"""How large what a file holds may be, by the file's own size."""

_MAX_EXPANSION = 50  # of real arrays and digits, at most 20 was seen
_ALWAYS = 2**24  # bytes, which may compress to nothing

MAX_PIXELS = 8192 * 8192  # of a frame or image
_PIXELS_ALWAYS = 2**23  # 3840 x 2160, and a little more
_PIXELS_A_BYTE = 32  # of larger ones; photographs have 1 to 10


def expanded_at_most(stored: int) -> int:
    """Bytes that so many stored ones may become; more is a bomb."""
    return _ALWAYS + _MAX_EXPANSION * stored


def pixels_at_most(stored: int) -> int:
    """Pixels that a frame may have in a file of so many bytes."""
    return min(MAX_PIXELS, max(_PIXELS_ALWAYS, _PIXELS_A_BYTE * stored))
