"""Our chat template, rendered by plain jinja, as transformers would."""

from __future__ import annotations

import json

import jinja2
from jinja2.ext import Extension

from darebench.train.chat_template import training_template

END = "<|im_end|>"


class Generation(Extension):
    """The tag that marks what the loss is on, for a plain jinja."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def renderer_of(text: str):
    made = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation])
    made.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    template = made.from_string(text)

    def render(messages, tools, add_generation_prompt):
        return template.render(
            messages=messages, tools=tools, add_generation_prompt=add_generation_prompt
        )

    return render


RENDER = renderer_of(training_template())
