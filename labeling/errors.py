"""The one exception for refusals that a person should read."""

from django.utils.functional import Promise


class Refused(Exception):
    """An expected "no". `code` is for programs, `message` for people.

    `message` may be a lazy translation, so that it is written in the language of
    whoever reads it. `details` holds what a page may want beside the sentence (the
    active run, the field at fault).
    """

    def __init__(self, code: str, message: "str | Promise", **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return str(self.message)
