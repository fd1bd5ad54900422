import re
from pathlib import Path

import numpy as np

README = Path(__file__).parent.parent / "README.md"


def test_the_model_in_python_gives_an_image():
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", README.read_text(), flags=re.MULTILINE)
    block = next(block for block in blocks if "Autoencoder(" in block)
    names = {}
    exec("\n".join(line.removeprefix("    ") for line in block.splitlines()), names)
    image = np.asarray(names["image"])
    assert image.shape == (1, 64, 64, 1)
    assert 0 <= image.min() <= image.max() <= 1
