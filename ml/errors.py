"""What `ml` raises for things that people hand in: one sentence, exit code 2."""


class BadInput(ValueError):
    """Data, a picture or an artefact that cannot be used; str() says why."""


class BadArtefact(BadInput):
    """A model folder that is incomplete, damaged, or not what its card says."""
