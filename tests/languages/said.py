"""What a page says, to eyes and to screen readers."""

from html.parser import HTMLParser

SAID_BY = ("alt", "title", "aria-label", "placeholder", "content", "data-done")
SILENT = ("script", "style", "code", "pre", "kbd")
VOID = ("meta", "link", "input", "img", "br", "hr", "source", "use", "wbr")
ICON = "material-symbols-outlined"  # of the admin: a font that draws words as signs


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        # Elements, open now, of which nothing is taken: code, signs, and what says by
        # `lang` that it is in a language of its own.
        self.passed_over: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        is_other = tag != "html" and bool(known.get("lang"))
        is_silent = tag in SILENT or ICON in (known.get("class") or "") or is_other
        if tag not in VOID and (self.passed_over or is_silent):
            self.passed_over.append(tag)
        is_for_programs = tag == "meta" and known.get("name") != "description"
        if not self.passed_over and not is_for_programs:
            self.said += [text for name in SAID_BY if (text := known.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if self.passed_over and self.passed_over[-1] == tag:
            self.passed_over.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.passed_over:
            self.said.append(" ".join(data.split()))


def said_by(html: str) -> list[str]:
    words = _Words()
    words.feed(html)
    return words.said
