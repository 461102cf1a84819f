"""How good a model is: the figures that cards, reports and `ml evaluate` hold.

Each is rounded where it is measured (`ml/evaluation/metrics.py`). None, or nothing at
all, stands for what was not measured.
"""

from collections.abc import Mapping

from pydantic import model_validator

from ml.json_model import JsonModel


class Interval(JsonModel):
    """A figure between the ends of its 95 % interval, measured on `n` faces."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0

    def percent(self) -> tuple[float, float, float] | None:
        """The figure and both ends in percent; None where one of them is not known."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return 100 * self.value, 100 * self.low, 100 * self.high


class Share(Interval):
    """Of `n` faces the share that is right, 0 to 1. Older reports give it bare."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, content: object) -> object:
        is_bare = content is None or isinstance(content, int | float)
        return {"value": content} if is_bare else content


class Figures(JsonModel):
    """Of the faces of one data set; shares are 0 to 1, `confusion` counts faces with
    the label in rows and the answer in columns, in the order of the emotions."""

    n: int = 0
    accuracy: float | None = None
    accuracy_ci: tuple[float, float] | None = None  # 95 %
    top2: float | None = None
    macro_f1: float | None = None
    ece: float | None = None
    recall: Mapping[str, Share | float | None] = {}  # by emotion, like the next two
    precision: Mapping[str, float | None] = {}
    f1: Mapping[str, float | None] = {}
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def accuracy_interval(self) -> Interval:
        low, high = self.accuracy_ci or (None, None)
        return Interval(value=self.accuracy, low=low, high=high, n=self.n)

    def measured_recall(self) -> dict[str, float]:
        """Of the emotions that there were faces for."""
        bare = {
            name: share.value if isinstance(share, Share) else share
            for name, share in self.recall.items()
        }
        return {name: value for name, value in bare.items() if value is not None}


class Agreement(JsonModel):
    """With the majority of FER+'s raters, on the `n` faces that have one."""

    n: int = 0
    accuracy: float | None = None
    macro_f1: float | None = None
    ece: float | None = None


class SplitFigures(Figures):
    """Of the faces of one split, as `evaluate.figures` measures them."""

    recall: Mapping[str, float | None] = {}
    ferplus: Agreement | None = None


class ReliabilityBin(JsonModel):
    """Of `n` faces with like probabilities: their mean, and the share that is right."""

    confidence: float
    accuracy: float
    n: int


class Evaluation(SplitFigures):
    """What `python -m ml evaluate --json` prints: also without the faces that are in
    Training too, and, where asked for, without those of which Training has a copy."""

    accuracy_without_leaked: float | None = None
    leaked: int = 0
    accuracy_without_copies: float | None = None
    copies: int = 0
    reliability: tuple[ReliabilityBin, ...] = ()
