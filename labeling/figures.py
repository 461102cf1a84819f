"""Numbers and shares as people write them in the reader's language."""

from django.utils.formats import number_format
from django.utils.translation import pgettext


def number(value: float, places: int = 0, *, signed: bool = False) -> str:
    """12,345 or 12 345; with `signed` what is no loss has a plus."""
    plus = "+" if signed and value >= 0 else ""
    return plus + number_format(f"{value:.{places}f}", force_grouping=True)


def percent(share: float, places: int = 0) -> str:
    """82 %, with a narrow no-break space; small shares are not called nothing."""
    if 0 < share < 0.005 and not places:
        return f"<{in_percent('1')}"
    return in_percent(number(share * 100, places))


def in_percent(figure: str) -> str:
    pattern = pgettext("percentage", "%(n)s %%").replace(" ", "\u202f")
    return pattern % {"n": figure}
