"""What the scripted models of these tests answer."""

from __future__ import annotations

from darebench.curate.language.authors import Models

PLAN = {
    "suitable": True,
    "reason": "",
    "domain": "health",
    "column_types": {"sex": "categorical"},
    "tasks": [
        {
            "family": "regression",
            "targets": ["result"],
            "features": ["bmi", "bp", "s5", "sex", "age"],
        }
    ],
}


def models(url: str, **names: str) -> Models:
    return Models(base_url=f"{url}/v1", **{k: f"openai-api/local/{v}" for k, v in names.items()})


def question_in(said: list[dict[str, str]]) -> str:
    return said[1]["content"].split("Assignment:\n")[1]


def honest(said: list[dict[str, str]]) -> str:
    return "Dear colleague, here is what I need. " + question_in(said)
