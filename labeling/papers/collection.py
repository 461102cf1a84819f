"""All papers of a site as HTML files in a folder: model cards, datasheets, technical
documentation, record of processing, impact assessment."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.template.loader import render_to_string
from django.utils.text import slugify
from django.utils.translation import override

from labeling.datasets import dataset_release, release_papers
from labeling.models import ModelVersion
from labeling.papers import markdown, model_card, system_facts

# File name -> template; each is filled with `system_facts.facts()`.
FOR_THE_OPERATOR = {
    "technical-documentation": "labeling/papers/technical_documentation.md",
    "record-of-processing": "labeling/papers/record_of_processing.md",
    "impact-assessment": "labeling/papers/impact_assessment.md",
}


@dataclass(frozen=True)
class Paper:
    file: str
    text: str  # Markdown; the first line is the title

    @property
    def title(self) -> str:
        first = self.text.strip().splitlines()[0]
        return first.lstrip("# ").replace("\\", "")

    @property
    def open_points(self) -> int:
        """What only the operator knows."""
        return self.text.count("**Open:**")


def write(folder: Path) -> list[Paper]:
    """Every paper as it is true now, and an index of them. Files of the same names are
    written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    papers = make()
    for paper in papers:
        _page(folder / paper.file, paper.title, markdown.to_html(paper.text))
    index = render_to_string("labeling/papers/index.html", {"papers": papers})
    _page(folder / "index.html", "Papers", index)
    return papers


def make() -> list[Paper]:
    with override("en"):
        facts = system_facts.facts()
        papers = [
            Paper(f"{name}.html", render_to_string(template, facts))
            for name, template in FOR_THE_OPERATOR.items()
        ]
        versions = ModelVersion.objects.select_related("parent", "run").order_by("pk")
        papers += [
            Paper(
                _file("model-card", version.name),
                model_card.text(version, for_trainers=True),
            )
            for version in versions
        ]
        papers += [
            Paper(_file("datasheet", release.name), release_papers.datasheet(release))
            for release in dataset_release.made()
        ]
    return papers


def _file(kind: str, name: str) -> str:
    """Two names that look alike in a file's name stay two files."""
    plain = slugify(name)
    if plain != name:
        plain += "-" + hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{kind}-{plain}.html"


def _page(file: Path, title: str, body: str) -> None:
    page = {"title": title, "body": body}
    file.write_text(render_to_string("labeling/papers/page.html", page))
