import pytest

from data.atomic_file import replacing, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_readers_see_the_earlier_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    with replacing(path) as part:
        part.write_text("new, hal")
        assert path.read_text() == "old"
        part.write_text("new, whole")
    assert path.read_text() == "new, whole"
    assert names(tmp_path) == ["a.txt"]


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_atomically(path, b"old")
    with pytest.raises(KeyError), replacing(path) as part:
        part.write_text("new")
        raise KeyError
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_two_writers_do_not_meet_and_stale_files_are_in_nobodys_way(tmp_path):
    path = tmp_path / "a.txt"
    (tmp_path / "a.txt.part").mkdir()  # worse than any that a killed writer leaves
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # whose block ended last
    assert names(tmp_path) == ["a.txt", "a.txt.part"]


def test_files_have_the_permissions_of_any_other(tmp_path):
    (tmp_path / "other").write_text("")
    write_atomically(tmp_path / "a", "")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode
