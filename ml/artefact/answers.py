"""Which of a network's answers: all come from one run of it.

A network with two heads has three: that of the head that learned FER-2013's labels,
that of the head that learned the raters' votes, and the mix of both, which serves where
no other is asked for and is what is stored. Where there is one head all are the same.
"""

from typing import Any, Literal, get_args

Answer = Literal["mix", "label", "raters"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
HEADS: tuple[Answer, ...] = ("label", "raters")  # in the order of the network's

# What they are called among the outputs of `model.onnx`.
OUTPUTS: dict[Answer, str] = {
    "mix": "probabilities",
    "label": "label_probabilities",
    "raters": "rater_probabilities",
}


def outputs_of(session: Any) -> dict[Answer, str]:
    """Where an ONNX Runtime session has each answer: among the outputs of one head
    there is only the mix."""
    known = {output.name for output in session.get_outputs()}
    return {
        answer: name if name in known else OUTPUTS["mix"]
        for answer, name in OUTPUTS.items()
    }
