"""What can go wrong between a program and a site."""

from collections.abc import Mapping


class MienError(Exception):
    """Of everything that this package raises."""


class Unreachable(MienError):
    """The site did not answer, however often it was asked, or not as Mien does."""


class Refused(MienError):
    """The site said no. `code` is for programs (docs/api.md lists them), str() for
    people; `fields` says of each field of the request what is wrong with it."""

    def __init__(
        self, code: str, message: str, status: int, fields: Mapping[str, list[str]]
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.fields = fields
