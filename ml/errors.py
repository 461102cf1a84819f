"""What `ml` raises for things that people hand in: one sentence, exit code 2."""

from pydantic import ValidationError


class BadInput(ValueError):
    """Data, a picture or an artefact that cannot be used; str() says why."""


class BadArtefact(BadInput):
    """A model folder that is incomplete, damaged, or not what its card says."""


class WorkerLost(Exception):
    """One of the processes of a training is gone or never came; str() says which."""


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, after its place: "golden.faces: field required".

    A sentence without its end.
    """
    problem = error.errors(include_url=False)[0]
    place = ".".join(map(str, problem["loc"]))
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    return f"{place}: {message}" if place else message
