"""The outcome of an exam as a sentence that a person understands."""

from collections.abc import Sequence

from ml.evaluation.exam_report import Difference, Guard, Outcome


def sentence(
    outcome: Outcome,
    right: tuple[int, int, int],
    difference: Difference,
    *,
    broken: Sequence[Guard] = (),
    is_chance: bool = False,
) -> str:
    """What happened, for a person. `right`: how many faces the champion named as
    labelled, how many the challenger, of how many. `is_chance`: the challenger was
    better, but not by as much as the policy asks for."""
    champion, challenger, n = right
    if not n:
        return "Kept the champion: there were no faces to examine the two on."
    counts = (
        f"the challenger named {challenger:,} of {n:,} faces as labelled, the champion "
        f"{champion:,} ({_points(difference)})"
    )
    if outcome == "promoted":
        return f"Promoted: {counts}."
    if outcome == "rejected":
        link = "but" if challenger > champion else "and"
        return f"Rejected: {counts}, {link} {_guards_broken(broken)}."
    if is_chance:
        p = difference.mcnemar_p
        return f"Kept the champion: {counts}, which may be chance (p = {p:.2f})."
    return f"Kept the champion: {counts}."


def _points(difference: Difference) -> str:
    value, low, high = difference.accuracy_interval.percent() or (0.0, 0.0, 0.0)
    return f"{value:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"


def _guards_broken(guards: Sequence[Guard]) -> str:
    """The two greatest in words; the report shows all."""
    greatest = sorted(guards, key=lambda guard: -guard.loss)[:2]
    return " and ".join(map(_in_words, greatest))


def _in_words(guard: Guard) -> str:
    kind, _, what = guard.name.partition(":")
    p = guard.p or 0.0
    chance = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    share = f"{100 * guard.loss:.1f} points ({chance})"
    return {
        "recall": f"on {what} faces it lost {share}",
        "ferplus": f"against the raters' majority it lost {share}",
        "slice": f"on the {what} faces it lost {share}",
        "image": f"on {what.replace('_', ' ')} pictures it lost {share}",
        "bytes": "its file is too large",
        "multiply_adds": "it costs too much to run",
    }[kind]
