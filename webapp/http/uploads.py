"""Photos arrive in memory, never on disk, and no more of one than will be read."""

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from rest_framework.request import Request

from ml.vision.decode import MAX_BYTES, BadPicture

MOST_AT_ONCE = 64 * 2**20  # bytes of one request, several photos together


def check_size(request: HttpRequest | Request) -> None:
    """Refuse what `InMemory` did not even keep."""
    if int(request.headers.get("content-length") or 0) > MOST_AT_ONCE:
        raise BadPicture("too_large", "The request is too large.")


class InMemory(FileUploadHandler):
    """Keeps one byte more than may be read, so that the reader says what is wrong."""

    chunk_size = 256 * 2**10
    file: io.BytesIO

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, *rest: Any, **more: Any
    ) -> None:
        self.is_too_much = content_length > MOST_AT_ONCE

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = MAX_BYTES + 1 - self.file.tell()
        if not self.is_too_much and room > 0:
            self.file.write(raw_data[:room])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self.is_too_much:
            return None
        size = self.file.tell()
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            size,
            self.charset,
            self.content_type_extra,
        )
