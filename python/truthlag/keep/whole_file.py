"""A file that holds its old content or its new one, whatever happens while it is written."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path


def file_path(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> Path:
    """The path that a caller means; bytes are a name as the file system has it."""
    return Path(os.fsdecode(path))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, durably and at once.

    The data go to a new file beside it, which then takes its name. A link stays, and the file it leads to is replaced.
    A file that is there already hands down its permissions, and its owner where that is allowed.

    Raises:
        OSError: The file cannot be written, or what stands at the path is no file.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    old = _status(target)
    # Not made of the name, which may be as long as names can be.
    beside = target.with_name(f".truthlag-{secrets.token_hex(8)}")
    try:
        with open(beside, "xb", opener=None if old is None else _open_for_the_owner_alone) as file:
            if old is not None:
                _hand_down(file.fileno(), old)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _status(target: Path) -> os.stat_result | None:
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(status.st_mode):
        # A pipe or a device would lose its place to a file.
        raise OSError(
            errno.EINVAL, "path must be that of a file, or of nothing yet, got that of something else", str(target)
        )
    return status


def _open_for_the_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _hand_down(handle: int, old: os.stat_result) -> None:
    """Give a new file, which only its owner can read, the owner and the permissions of an old one."""
    if not hasattr(os, "fchown"):
        return
    for user, group in ((-1, old.st_gid), (old.st_uid, -1)):
        # Not permitted, or an owner whom this container has no number for.
        with contextlib.suppress(OSError):
            os.fchown(handle, user, group)
    mode = old.st_mode & 0o777
    if os.fstat(handle).st_gid != old.st_gid:
        # Another group than the old file's has been among all others, and may do no more than they.
        mode = mode & 0o707 | mode << 3 & mode & 0o070
    os.fchmod(handle, mode)


def _sync_folder(folder: Path) -> None:
    """Make the new name of a file as durable as its content, where folders can be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
