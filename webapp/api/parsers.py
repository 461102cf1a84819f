from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from ml.vision.decode import MAX_BYTES


class Picture(BaseParser):
    """A photo as the whole body; one byte more than may be read, refused later."""

    media_type = "image/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # bytes; those who wrote the base class expect a mapping
        return stream.read(MAX_BYTES + 1)


class Bytes(Picture):
    media_type = "application/octet-stream"
