from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from ml.vision.decode import MAX_BYTES


class Picture(BaseParser):
    """A photo as the whole body; one byte more than may be read, refused later."""

    media_type = "image/*"

    def parse(  # type: ignore[override]  # a picture is no mapping
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        content: bytes = stream.read(MAX_BYTES + 1)
        return content


class Bytes(Picture):
    media_type = "application/octet-stream"
