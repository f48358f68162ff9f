"""A saved file takes the place of the old one with everything that belongs to the place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.keep.saved import Clock, everything, full_tracker
from truthlag import ModelPerformanceTracker

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
LONGEST_NAME = 255


def mode(path: Path | int) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def assert_saved(path: Any) -> None:
    assert everything(ModelPerformanceTracker.load(path, clock=Clock())) == everything(full_tracker())


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A process that takes no permission away from its new files."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def modes_before_the_name(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The permissions of the new file at each step before it takes its name."""
    seen: list[int] = []

    def looking_first(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(handle: int, *arguments: Any) -> Any:
            if stat.S_ISREG(os.stat(handle).st_mode):
                seen.append(mode(handle))
            return real(handle, *arguments)

        return step

    for step in ("fchown", "fchmod", "fsync"):
        monkeypatch.setattr(os, step, looking_first(getattr(os, step)))
    return seen


@posix
class TestPermissions:
    @pytest.mark.parametrize("permissions", [0o600, 0o640, 0o644, 0o666, 0o400, 0o755])
    def test_those_of_the_old_file_stay(
        self, permissions: int, tmp_path: Path, open_umask: None, modes_before_the_name: list[int]
    ) -> None:
        path = tmp_path / "tracker"
        path.write_bytes(b"old")
        path.chmod(permissions)
        full_tracker().save(path)
        assert_saved(path)
        assert mode(path) == permissions
        assert modes_before_the_name
        assert not [seen for seen in modes_before_the_name if seen & 0o077 & ~permissions]

    def test_a_new_file_has_those_of_any_new_file(self, tmp_path: Path) -> None:
        full_tracker().save(tmp_path / "tracker")
        (tmp_path / "other").touch()
        assert mode(tmp_path / "tracker") == mode(tmp_path / "other")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
    def test_the_owner_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "tracker"
        path.write_bytes(b"old")
        os.chown(path, 1234, 5678)
        path.chmod(0o640)
        full_tracker().save(path)
        assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (1234, 5678, 0o640)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
    @pytest.mark.parametrize(("permissions", "left"), [(0o640, 0o600), (0o664, 0o644), (0o666, 0o666), (0o604, 0o604)])
    def test_another_group_may_do_no_more_than_before(
        self, permissions: int, left: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "tracker"
        path.write_bytes(b"old")
        os.chown(path, 1234, 5678)
        path.chmod(permissions)

        def forbidden(*_: Any) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "fchown", forbidden)
        full_tracker().save(path)
        assert_saved(path)
        assert mode(path) == left


@posix
class TestLinks:
    def test_a_link_stays(self, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        target = tmp_path / "there" / "tracker"
        target.write_bytes(b"old")
        target.chmod(0o600)
        (tmp_path / "second").symlink_to("there/tracker")
        (tmp_path / "first").symlink_to(tmp_path / "second")
        full_tracker().save(tmp_path / "first")
        assert (tmp_path / "first").is_symlink() and (tmp_path / "second").is_symlink()
        assert_saved(target)
        assert mode(target) == 0o600
        assert sorted(one.name for one in tmp_path.rglob("*")) == ["first", "second", "there", "tracker"]

    def test_a_link_to_nothing_yet(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("tracker")
        full_tracker().save(tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert_saved(tmp_path / "tracker")

    def test_a_link_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("link")
        with pytest.raises(OSError, match="link"):
            full_tracker().save(tmp_path / "link")
        assert [one.name for one in tmp_path.iterdir()] == ["link"]


class TestPaths:
    def test_bytes(self, tmp_path: Path) -> None:
        path = os.fsencode(tmp_path / "tracker é")
        full_tracker().save(path)
        assert_saved(path)
        assert_saved(tmp_path / "tracker é")

    @posix
    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        path = os.fsencode(tmp_path) + b"/\xff\xfe"
        try:
            Path(os.fsdecode(path)).touch()
        except OSError:
            pytest.skip("this file system has names of text only")
        full_tracker().save(path)
        assert_saved(path)

    @pytest.mark.parametrize("length", [LONGEST_NAME - 20, LONGEST_NAME])
    def test_the_longest_names(self, length: int, tmp_path: Path) -> None:
        path = tmp_path / ("n" * length)
        full_tracker().save(path)
        full_tracker().save(path)
        assert_saved(path)
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize("odd", [None, 5, 1.5, [b"x"]], ids=str)
    def test_what_is_no_path(self, odd: Any) -> None:
        with pytest.raises(TypeError, match="path must be a str, bytes or a path object, got "):
            full_tracker().save(odd)
        with pytest.raises(TypeError, match="path must be a str, bytes or a path object, got "):
            ModelPerformanceTracker.load(odd)

    @posix
    def test_a_pipe_is_not_replaced(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="pipe"):
            full_tracker().save(tmp_path / "pipe")
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
        assert [one.name for one in tmp_path.iterdir()] == ["pipe"]
