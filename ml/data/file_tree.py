"""The files of a folder, a zip or a tar, read in place; and those that are left out.

Nothing is unpacked to disk. A link inside the tree is followed, none that leads out of
it. What systems and tools leave behind is no part of a data set.
"""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from ml.data.arrays import BadData

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_DAMAGE = (EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, tarfile.TarError)
_TOOLS = {"__macosx", "thumbs.db", "desktop.ini"}  # and whatever begins with a dot


@dataclass(frozen=True)
class TreeFile:
    """`parts`: the names on the way from the root to the file, its own the last; `size`
    in bytes; `identity` is the same where two names lead to one file."""

    parts: tuple[str, ...]
    size: int
    identity: Hashable
    open: Callable[[], bytes]

    def read(self) -> bytes:
        """Raises OSError, also for what is damaged or locked in an archive."""
        try:
            return self.open()
        except _DAMAGE as why:
            raise OSError(str(why)) from why

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def folders(self) -> tuple[str, ...]:
        return self.parts[:-1]

    @property
    def suffix(self) -> str:
        """In small letters, with its dot; "" without one."""
        return PurePosixPath(self.name).suffix.lower()

    def __str__(self) -> str:
        return printable("/".join(self.parts))


@dataclass(frozen=True)
class LeftOut:
    """A file that is not taken. `reason` is a word for programs, such as "no_label"."""

    file: TreeFile
    reason: str


@dataclass(frozen=True)
class Tree:
    """In the order of their names; of a tar, in the order of the archive."""

    files: list[TreeFile]
    left_out: list[LeftOut]  # "tool_file" and "link_outside"


def printable(text: str) -> str:
    """What is not UTF-8, or would move the cursor, is escaped."""
    utf8 = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in utf8)


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES)


def open_tree(path: Path) -> Tree:
    """A folder, a zip or a tar. Raises BadData where none is, or it is damaged."""
    if path.is_dir():
        return _sorted_out(list(_walk(path)))
    if not path.exists():
        raise BadData(f"there is no folder {printable(str(path))}")
    try:
        if zipfile.is_zipfile(path):
            return _sorted_out(list(_zip_files(path)))
        if tarfile.is_tarfile(path):
            return _sorted_out(list(_tar_files(path)))
    except (OSError, *_DAMAGE) as why:
        raise BadData(f"{path.name} is damaged or cut short: {why}") from why
    raise BadData(f"{printable(str(path))} is no folder and no zip or tar archive")


def _sorted_out(found: list[TreeFile | LeftOut]) -> Tree:
    files, left_out = [], []
    for item in found:
        if isinstance(item, LeftOut):
            left_out.append(item)
        elif any(_is_of_a_tool(part) for part in item.parts):
            left_out.append(LeftOut(item, "tool_file"))
        else:
            files.append(item)
    return Tree(files, left_out)


def _is_of_a_tool(name: str) -> bool:
    return name.startswith(".") or name.lower() in _TOOLS


def _walk(root: Path) -> Iterator[TreeFile | LeftOut]:
    top = root.resolve()

    def visit(
        folder: Path, parts: tuple[str, ...], above: frozenset[Path]
    ) -> Iterator[TreeFile | LeftOut]:
        for path in sorted(folder.iterdir()):
            where = (*parts, path.name)
            if path.is_symlink() and not _leads_into(path, top):
                yield LeftOut(_file(path, where), "link_outside")
            elif path.is_dir():
                real = path.resolve()
                if real not in above:  # else a link to a folder above would never end
                    yield from visit(path, where, above | {real})
            elif path.is_file():
                yield _file(path, where)
            else:  # a pipe would be waited for
                yield LeftOut(_file(path, where), "no_file")

    return visit(root, (), frozenset({top}))


def _file(path: Path, parts: tuple[str, ...]) -> TreeFile:
    status = path.lstat() if path.is_symlink() and not path.exists() else path.stat()
    return TreeFile(
        parts, status.st_size, (status.st_dev, status.st_ino), path.read_bytes
    )


def _leads_into(link: Path, top: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(top)
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return False


def _zip_files(path: Path) -> Iterator[TreeFile]:
    archive = zipfile.ZipFile(path)
    for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
        if not entry.is_dir() and (parts := _parts(entry.filename)):
            yield TreeFile(
                parts, entry.file_size, entry.filename, partial(archive.read, entry)
            )


def _tar_files(path: Path) -> Iterator[TreeFile | LeftOut]:
    archive = tarfile.open(path)  # noqa: SIM115 (lives as long as its members)

    def read(entry: tarfile.TarInfo) -> bytes:
        member = archive.extractfile(entry)
        return member.read() if member else b""

    for entry in archive:
        if entry.isdir() or not (parts := _parts(entry.name)):
            continue
        file = TreeFile(parts, entry.size, entry.name, partial(read, entry))
        yield file if entry.isreg() else LeftOut(file, "link_outside")


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in {"", ".", ".."})
