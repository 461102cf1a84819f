"""The description of the API, which programs and the page at /api/docs/ read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

# Threads change places often, so that what two may not do at once shows.
FIRST_MOMENT = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
import django
django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"}, raise_request_exception=False)
client.get("/api/docs/")
sys.setswitchinterval(1e-5)
with ThreadPoolExecutor(8) as pool:
    print([one.status_code for one in pool.map(client.get, ["/api/schema/"] * 8)])
"""

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema() -> Any:
    """As it goes out; made once, for it takes a second."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(public=True)))


def operations(schema: Any) -> dict[str, Any]:
    methods = [one for path in schema["paths"].values() for one in path.values()]
    return {one["operationId"]: one for one in methods}


def test_it_is_valid_and_nothing_in_it_was_guessed(tmp_path: Path) -> None:
    wanted = ["--validate", "--fail-on-warn", "--file", str(tmp_path / "api.yaml")]
    call_command("spectacular", *wanted)


def test_it_is_served_to_everybody(client: Client, schema: Any) -> None:
    assert client.get("/api/schema/?format=json").json() == schema


def test_many_may_ask_for_it_in_the_first_moment_of_a_process() -> None:
    said = subprocess.run(
        [sys.executable, "-c", FIRST_MOMENT], capture_output=True, text=True
    )
    assert json.loads(said.stdout) == [200] * 8, said.stderr


def test_only_what_needs_a_token_says_that_it_does(schema: Any) -> None:
    found = operations(schema).items()
    assert {name for name, one in found if not one["security"]} == {
        *("detect", "contribute", "withdraw_by_link", "report_face"),
        *("model", "list_models", "show_model"),
        *("figures", "needs", "list_releases", "show_release", "list_withdrawn"),
    }


def test_every_error_is_told_by_its_status_and_names_its_codes(schema: Any) -> None:
    types = schema["components"]["schemas"]
    for name, one in operations(schema).items():
        for status, answer in one["responses"].items():
            assert status.isdigit(), name
            if status < "400":
                continue
            shape = answer["content"]["application/json"]["schema"]
            assert shape == {"$ref": f"#/components/schemas/Error{status}"}, name
            assert types[f"ErrorDetail{status}"]["properties"]["code"].keys() & {
                *("enum", "const")
            }


def test_types_of_one_name_are_told_apart(schema: Any) -> None:
    types = schema["components"]["schemas"]
    assert "waiting" in types["ContributionStatus"]["enum"]
    assert "queued" in types["TrainingRunStatus"]["enum"]


def test_a_photo_is_a_file(schema: Any) -> None:
    content = operations(schema)["detect"]["requestBody"]["content"]
    photo = content["multipart/form-data"]["schema"]["properties"]["photo"]
    assert photo["items"] == {"type": "string", "format": "binary"}


def test_what_is_counted_says_so(schema: Any) -> None:
    answers = operations(schema)["detect"]["responses"]
    assert "RateLimit-Remaining" in answers["200"]["headers"]
    assert "Retry-After" in answers["429"]["headers"]


def test_links_lead_to_operations_that_there_are(schema: Any) -> None:
    known, linked = operations(schema), 0
    for one in known.values():
        for answer in one["responses"].values():
            for link in answer.get("links", {}).values():
                target = known[link["operationId"]]
                names = {parameter["name"] for parameter in target["parameters"]}
                assert link["parameters"].keys() <= names
                linked += 1
    assert linked


def test_every_example_is_of_its_type(schema: Any) -> None:
    checked = 0
    for one in operations(schema).values():
        for part in (one.get("requestBody", {}), *one["responses"].values()):
            for content in part.get("content", {}).values():
                shape = {**content["schema"], "components": schema["components"]}
                for example in content.get("examples", {}).values():
                    Draft202012Validator(shape).validate(example["value"])
                    checked += 1
    assert checked >= 3
