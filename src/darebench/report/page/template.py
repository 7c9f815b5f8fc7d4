"""Fill a page's template: `NAME.html`, with `NAME.css` and `NAME.js` beside it."""

from __future__ import annotations


def fill(name: str, **values: object) -> str:
    """Return the page of a template; the same values give the same bytes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("darebench.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template(f"{name}.html").render(**values)
