import os
import shutil

import pytest

from data.clips.hmdb51 import extract, hmdb51

WAVES = [f"Film_{i}_wave_f_nm_np1_ba_med_{j}.avi" for i in range(3) for j in range(2)]
ODD = "#1 (a b)_%_brush_hair_u_cm_np2_le_goo_0.avi"


def make_tree(directory, lists=True):
    """Empty clips of two classes in the official layout."""
    for label, names in (("wave", WAVES), ("brush_hair", [ODD])):
        (directory / label).mkdir(parents=True)
        for name in names:
            (directory / label / name).touch()
        if lists:
            folder = directory / "testTrainMulti_7030_splits"
            folder.mkdir(exist_ok=True)
            for number in (1, 2, 3):
                lines = [f"{name} {(i + number) % 3} \n" for i, name in enumerate(names)]
                (folder / f"{label}_test_split{number}.txt").write_text("".join(lines))
    return directory


def test_classes_recordings_and_the_three_divisions(tmp_path):
    clips = {clip.path.name: clip for clip in hmdb51(make_tree(tmp_path))}
    assert set(clips) == {*WAVES, ODD}
    kinds = ("unused", "train", "test")
    for i, name in enumerate(WAVES):
        assert clips[name].label == "wave"
        assert clips[name].group == f"Film_{i // 2}"
        assert clips[name].divisions == tuple(kinds[(i + n) % 3] for n in (1, 2, 3))
    assert clips[ODD].label == "brush_hair"
    assert clips[ODD].group == "#1 (a b)_%"
    assert clips[ODD].divisions == ("train", "test", "unused")


def test_clips_without_folders_or_lists(tmp_path):
    name = "Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi"
    (tmp_path / name).touch()
    (tmp_path / "other.avi").touch()
    one, other = hmdb51(tmp_path)
    assert (one.label, one.group, one.divisions) == ("cartwheel", "Turnk_r_Pippi_Michel", ())
    assert (other.label, other.group) == ("", "other")


def test_empty_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"no clips; expected CLASS/\*.avi$"):
        hmdb51(tmp_path)


@pytest.mark.parametrize("line", ["a.avi 3", "a.avi", "1"])
def test_damaged_list_is_named(tmp_path, line):
    make_tree(tmp_path)
    path = tmp_path / "testTrainMulti_7030_splits" / "wave_test_split2.txt"
    path.write_text(f"b.avi 1\n{line}\n")
    with pytest.raises(ValueError, match=r"wave_test_split2.txt: line 2: expected `NAME.avi 0`"):
        hmdb51(tmp_path)


def test_missing_lists_are_an_error(tmp_path):
    make_tree(tmp_path)
    for path in (tmp_path / "testTrainMulti_7030_splits").glob("*split3.txt"):
        path.unlink()
    with pytest.raises(ValueError, match="lists for 2 divisions; expected"):
        hmdb51(tmp_path)


def make_archives(directory, tmp_path):
    """Archives in the layout of the downloads. No free program writes rar: these are tar files."""
    tree = make_tree(tmp_path / "tree")
    directory.mkdir()
    classes = tmp_path / "classes"
    classes.mkdir()
    for label in ("wave", "brush_hair"):
        archive = shutil.make_archive(str(tmp_path / label), "tar", tree, label)
        os.rename(archive, classes / f"{label}.rar")
    archive = shutil.make_archive(str(tmp_path / "all"), "tar", classes)
    os.rename(archive, directory / "hmdb51_org.rar")
    lists = shutil.make_archive(str(tmp_path / "l"), "tar", tree, "testTrainMulti_7030_splits")
    os.rename(lists, directory / "test_train_splits.rar")
    return tree


def install_extractor(folder, monkeypatch):
    """A `bsdtar` that reads tar files, and notes its calls, as the only extractor on the path."""
    folder.mkdir()
    program = folder / "bsdtar"
    log = folder / "calls"
    program.write_text(f'#!/bin/sh\necho "$2" >> {log}\nexec {shutil.which("tar")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return log


def test_archives_are_extracted_once(tmp_path, monkeypatch):
    source, extracted = tmp_path / "source", tmp_path / "extracted"
    tree = make_archives(source, tmp_path)
    log = install_extractor(tmp_path / "bin", monkeypatch)
    assert extract(source, extracted) == extracted
    expected = {(clip.name, clip.label, clip.divisions) for clip in hmdb51(tree)}
    assert {(clip.name, clip.label, clip.divisions) for clip in hmdb51(extracted)} == expected
    assert len(log.read_text().split()) == 4
    extract(source, extracted)
    assert len(log.read_text().split()) == 4


def test_missing_extractor_is_said_with_the_names_of_those_that_serve(tmp_path, monkeypatch):
    make_archives(tmp_path / "source", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"hmdb51_org.rar: rar archives need one of unrar, unar"):
        extract(tmp_path / "source", tmp_path / "extracted")


def test_damaged_archive_is_named(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "hmdb51_org.rar").write_text("no archive")
    install_extractor(tmp_path / "bin", monkeypatch)
    with pytest.raises(ValueError, match=r"hmdb51_org.rar: bsdtar fails \("):
        extract(source, tmp_path / "extracted")


def test_folder_with_clips_is_used_as_it_is(tmp_path):
    make_tree(tmp_path)
    (tmp_path / "hmdb51_org.rar").touch()
    assert extract(tmp_path, tmp_path / "extracted") == tmp_path
