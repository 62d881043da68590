"""Tokens that are renewed while the service runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from capi_stream.endpoints.settings import Credential
from capi_stream.endpoints.tokens import Renewed, Tokens, Unreadable

OLD, NEW = "EAAold", "EAAnew"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that holds the token which the service started with."""
    path = tmp_path / "token"
    path.write_text(OLD + "\n")
    return path


def watching(path: Path) -> Tokens:
    return Tokens({"main": Credential("main", OLD, path), "fixed": Credential("fixed", "EAAfixed")}, check_seconds=0.0)


def rewrite(path: Path) -> None:
    path.write_text(NEW)


def rewrite_in_the_same_moment(path: Path) -> None:
    before = path.stat()
    path.write_text(NEW + "\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rename_over(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(NEW)
    other.replace(path)


@pytest.mark.parametrize("change", [rewrite, rewrite_in_the_same_moment, rename_over])
def test_a_new_token_is_in_use_and_told_once(file: Path, change: object) -> None:
    tokens = watching(file)
    assert not tokens.poll(0.0)
    assert callable(change)
    change(file)
    assert tokens.poll(1.0) == [Renewed("main")]
    assert tokens.token("main") == NEW
    assert not tokens.poll(2.0)


def test_a_mounted_secret_is_followed_through_its_swapped_link(tmp_path: Path) -> None:
    """Kubernetes mounts `token -> ..data/token` and `..data -> ..<time>`, and renames a new `..data` over the old."""
    for version, token in (("..1", OLD), ("..2", NEW)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "token").write_text(token)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "token").symlink_to("..data/token")
    tokens = watching(tmp_path / "token")
    assert not tokens.poll(0.0)
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert tokens.poll(1.0) == [Renewed("main")]
    assert tokens.token("main") == NEW


def test_a_token_that_changed_before_the_first_look_is_told(file: Path) -> None:
    tokens = watching(file)
    rewrite(file)
    assert tokens.poll(0.0) == [Renewed("main")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"two words", "holds blanks inside, or more than a token has"),
        (b"x" * 9_000, "holds blanks inside, or more than a token has"),
        (b"\xff\xfe", "holds bytes that are not ASCII"),
    ],
)
def test_a_file_that_cannot_be_used_keeps_the_old_token_and_is_told_once(
    file: Path, content: bytes | None, problem: str
) -> None:
    tokens = watching(file)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert tokens.poll(0.0) == [Unreadable("main", file, problem)]
    assert tokens.token("main") == OLD
    assert not tokens.poll(1.0)


def test_a_problem_that_comes_back_is_told_again(file: Path) -> None:
    tokens = watching(file)
    told = []
    for now, content in enumerate(["", OLD, ""]):
        file.write_text(content)
        told += tokens.poll(float(now))
    assert told == [Unreadable("main", file, "is empty")] * 2


def test_files_are_looked_at_no_more_often_than_asked(file: Path) -> None:
    tokens = Tokens({"main": Credential("main", OLD, file)}, check_seconds=5.0)
    assert not tokens.poll(100.0)
    rewrite(file)
    assert not tokens.poll(104.9)
    assert tokens.poll(105.0) == [Renewed("main")]


@pytest.mark.parametrize("token", ["", " ", "two words", "naïve"])
def test_a_token_that_no_post_could_carry_is_none(token: str) -> None:
    assert Tokens({"main": Credential("main", token)}).token("main") is None


def test_blanks_around_a_token_are_not_part_of_it() -> None:
    assert Tokens({"main": Credential("main", f" {OLD}\n")}).token("main") == OLD
