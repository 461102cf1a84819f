"""The outcome of an exam as a sentence that a person understands."""

from typing import Any


def sentence(
    outcome: str,
    reasons: list[dict[str, Any]],
    right: tuple[int, int, int],
    difference: dict[str, Any],
) -> str:
    """What happened, for a person. `right`: how many faces the champion named as
    labelled, how many the challenger, of how many."""
    champion, challenger, n = right
    if not n:
        return "Kept the champion: there were no faces to examine the two on."
    counts = (
        f"the challenger named {challenger:,} of {n:,} faces as labelled, the champion "
        f"{champion:,} ({100 * difference['accuracy']:+.1f} points, 95 % interval "
        f"{100 * difference['low']:+.1f} to {100 * difference['high']:+.1f})"
    )
    if outcome == "promoted":
        return f"Promoted: {counts}."
    if outcome == "rejected":
        link = "but" if challenger > champion else "and"
        return f"Rejected: {counts}, {link} {_guards_broken(reasons)}."
    if reasons[0]["code"] == "not_significant":
        return f"Kept the champion: {counts}, which may be chance (p = {reasons[0]['p']:.2f})."  # noqa: E501
    return f"Kept the champion: {counts}."


def _guards_broken(reasons: list[dict[str, Any]]) -> str:
    """The two greatest in words; the report shows all."""
    phrases = []
    for reason in sorted(reasons, key=lambda reason: -reason["loss"])[:2]:
        kind, _, what = reason["name"].partition(":")
        chance = "p < 0.001" if reason["p"] < 0.001 else f"p = {reason['p']:.3f}"
        share = f"{100 * reason['loss']:.1f} points ({chance})"
        phrases.append(
            {
                "recall": f"on {what} faces it lost {share}",
                "ferplus": f"against the raters' majority it lost {share}",
                "slice": f"on the {what} faces it lost {share}",
                "bytes": "its file is too large",
                "multiply_adds": "it costs too much to run",
            }[kind]
        )
    return " and ".join(phrases)
