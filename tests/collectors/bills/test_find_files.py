"""What the arguments of `finops ingest` name."""

from pathlib import Path

import pytest

from collectors.bills import find_files
from finops.errors import InputError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "b.csv",
        "a.CSV",
        "deep/er/c.csv.gz",
        "deep/d.snappy.parquet",
        "manifest.json",
        ".hidden.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.csv").touch()
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_a_folder_gives_its_bills_at_any_depth_and_nothing_else(tree: Path) -> None:
    assert names(find_files([tree])) == ["a.CSV", "b.csv", "d.snappy.parquet", "c.csv.gz"]


def test_a_glob_gives_bills_and_the_bills_of_folders_it_matches(tree: Path) -> None:
    assert names(find_files([f"{tree}/*"])) == ["a.CSV", "b.csv", "d.snappy.parquet", "c.csv.gz"]


def test_a_recursive_glob_gives_each_file_once(tree: Path) -> None:
    assert names(find_files([f"{tree}/**/*.csv*"])) == ["b.csv", "c.csv.gz"]


def test_a_glob_for_files_of_another_ending_gives_them(tree: Path) -> None:
    assert names(find_files([f"{tree}/mani*"])) == ["manifest.json"]


def test_a_file_named_as_such_may_be_called_anything(tree: Path) -> None:
    assert names(find_files([tree / "manifest.json"])) == ["manifest.json"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "bill[1].csv").touch()
    assert names(find_files([tmp_path / "bill[1].csv"])) == ["bill[1].csv"]


def test_a_file_given_twice_by_different_names_comes_once(tree: Path) -> None:
    assert names(find_files([tree / "b.csv", f"{tree}/deep/../b.csv", tree])) == [
        "b.csv",
        "a.CSV",
        "d.snappy.parquet",
        "c.csv.gz",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.csv", "nowhere.csv does not exist."),
        ("nowhere/*.csv", "nowhere/*.csv matches no bill."),
        ("s3://bucket/x.csv", "s3://bucket/x.csv is no file on this machine"),
        ("x" * 5000, "cannot be looked at"),
    ],
)
def test_what_names_nothing_is_told(given: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("*", r"\*")):
        find_files([given])


def test_a_folder_without_bills_is_told(tmp_path: Path) -> None:
    (tmp_path / "readme.md").touch()
    with pytest.raises(InputError, match="holds no bills"):
        find_files([tmp_path])


def test_a_folder_that_may_not_be_listed_is_told_and_not_left_out(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(top: Path, onerror: object) -> list[object]:
        onerror(PermissionError(13, "Permission denied", f"{top}/deep"))  # type: ignore[operator]
        return []

    monkeypatch.setattr("collectors.bills.folders.os.walk", walk)
    with pytest.raises(InputError, match="deep cannot be listed: Permission denied"):
        find_files([tree])


def test_nothing_given_is_told() -> None:
    with pytest.raises(InputError, match="No bill was named"):
        find_files([])
