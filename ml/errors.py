"""What `ml` raises for things that people hand in: one sentence, exit code 2."""

from pydantic import ValidationError


class BadInput(ValueError):
    """Data, a picture or an artefact that cannot be used; str() says why."""


class BadArtefact(BadInput):
    """A model folder that is incomplete, damaged, or not what its card says."""


def field_problems(error: ValidationError) -> str:
    """Which fields do not fit, and why: "epoch.loss: Field required"."""
    named = [
        (".".join(map(str, found["loc"])), found["msg"])
        for found in error.errors(include_url=False)
    ]
    return "; ".join(f"{field}: {why}" if field else why for field, why in named)
