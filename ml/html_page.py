"""HTML pages of reports, from Jinja templates that lie in the rooms that fill them."""

from pathlib import Path

import jinja2


def render(template: Path, **values: object) -> str:
    """The page of a template file. All text is escaped but what is `Markup` already.

    Raises jinja2.UndefinedError where the template asks for a value that is not given.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(values)
