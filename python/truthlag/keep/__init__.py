"""What outlives the process."""

from truthlag.keep.whole_file import file_path, write_whole

__all__ = ["file_path", "write_whole"]
