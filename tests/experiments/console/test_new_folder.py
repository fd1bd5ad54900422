import os

import pytest

from experiments.console.errors import UserError
from experiments.console.new_folder import new_folder


def fill(output, text="new"):
    with new_folder(output) as folder:
        (folder / "a.txt").write_text(text)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_it_is_there_when_all_is_written_and_nothing_else_is_touched(tmp_path):
    (tmp_path / "output.part").mkdir()
    (tmp_path / "output.part" / "mine.png").write_text("kept")
    with new_folder(tmp_path / "output") as folder:
        (folder / "a.txt").write_text("new")
        assert not (tmp_path / "output").exists()
    assert names(tmp_path) == ["output", "output.part"]
    assert names(tmp_path / "output.part") == ["mine.png"]
    assert (tmp_path / "output" / "a.txt").read_text() == "new"
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "output").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_error_nothing_is_left(tmp_path, error):
    with pytest.raises(error), new_folder(tmp_path / "parent" / "output") as folder:
        (folder / "a.txt").write_text("new")
        raise error
    assert names(tmp_path) == []


def test_empty_folders_and_links_become_it(tmp_path):
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "empty")
    assert names(tmp_path / "empty") == ["a.txt"]
    (tmp_path / "elsewhere").mkdir()
    for target in ("elsewhere", "not_yet"):
        link = tmp_path / f"link_to_{target}"
        link.symlink_to(tmp_path / target)
        fill(link)
        assert link.is_symlink()
        assert names(tmp_path / target) == ["a.txt"]


def test_what_cannot_become_one_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path, tmp_path / "file"):
        with pytest.raises(UserError, match="expected a new or empty folder"):
            fill(output)
    with pytest.raises(UserError, match=r"file/output: cannot be made \(Not a directory\)"):
        fill(tmp_path / "file" / "output")
    assert (tmp_path / "file").read_text() == "mine"


def test_of_two_that_share_a_name_the_first_gets_it_and_the_other_is_kept(tmp_path):
    output = tmp_path / "output"
    with pytest.raises(UserError, match="all is written in ") as caught, new_folder(output) as late:
        (late / "a.txt").write_text("late")
        fill(output, "first")
    assert (output / "a.txt").read_text() == "first"
    assert str(late) in str(caught.value)
    assert (late / "a.txt").read_text() == "late"


def test_a_failed_write_names_the_folder(tmp_path):
    with (
        pytest.raises(OSError, match=r"output: cannot be written \(No space left on device\)"),
        new_folder(tmp_path / "output"),
        open("/dev/full", "w") as full,
    ):
        os.write(full.fileno(), b"text")
