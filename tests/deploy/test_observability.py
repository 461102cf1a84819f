"""deploy/observability: rules and panels ask for what the site exports, and each alert
is explained."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from labeling.models import User
from tests.support.factories import make_contribution, make_photo
from tests.support.supervised_site import PATIENCE, free_port, until
from webapp.metrics.site_figures import SiteCollector

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
PROMTOOL = shutil.which("promtool")
OF_PROMETHEUS = {"up"}

RULES = (FOLDER / "alerts.yml").read_text()
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())


@pytest.fixture
def exported(client: Client, champion: object) -> str:
    """All that a host tells, after a request and a photo with a face."""
    client.get("/about/")
    client.post("/api/v1/detect", make_photo(29), content_type="image/jpeg")
    site = CollectorRegistry()
    site.register(SiteCollector())
    return (generate_latest(REGISTRY) + generate_latest(site)).decode()


@pytest.mark.django_db
def test_rules_and_panels_ask_for_nothing_but_what_is_exported(exported: str) -> None:
    samples = set(re.findall(r"^# TYPE (\w+) ", exported, re.MULTILINE))
    samples |= set(re.findall(r"^(\w+)[{ ]", exported, re.MULTILINE))
    panels = [t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"]]
    for text in [RULES, *panels]:
        asked = set(re.findall(r"\bmien_\w+", text))
        assert asked <= samples, asked - samples


@pytest.mark.django_db
def test_labels_that_rules_ask_for_have_such_values(exported: str) -> None:
    for label, value in re.findall(r'(\w+)="([a-z]+)"', RULES):
        if label != "job":
            assert f'{label}="{value}"' in exported


@pytest.mark.django_db
def test_nothing_exported_names_anybody(client: Client, champion: object) -> None:
    ada = User.objects.create_user("ada", "ada@example.org", "a long evening")
    face = make_contribution(giver=ada)
    client.force_login(ada)
    client.get(f"/my/{face.pk}/", REMOTE_ADDR="192.0.2.77")
    client.get("/no/such/ada@example.org")
    site = CollectorRegistry()
    site.register(SiteCollector())
    told = (generate_latest(REGISTRY) + generate_latest(site)).decode()
    for secret in ("ada", "192.0.2", str(face.pk), str(ada.key)):
        assert secret not in told
    assert 'mien_faces{status="waiting"} 1.0' in told


def test_the_operators_book_explains_every_alert_and_no_other() -> None:
    book = (ROOT / "docs" / "operations.md").read_text()
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert re.findall(r"^### (\w+)$", book, re.MULTILINE) == alerts


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_prometheus_own_tool_takes_rules_and_configuration() -> None:
    for act in (["rules", "alerts.yml"], ["config", "prometheus.yml"]):
        done = subprocess.run(
            [str(PROMTOOL), "check", *act], cwd=FOLDER, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_all_processes_counted_is_told_on_a_port_of_its_own(
    site_env: dict[str, str], tmp_path: Path
) -> None:
    port, metrics = free_port(), free_port()
    env = {**site_env, "MIEN_DATA": str(tmp_path / "data"), "PORT": str(port)}
    env |= {"METRICS_AT": f"127.0.0.1:{metrics}", "WEB_PROCESSES": "2"}
    env |= {"DJANGO_SETTINGS_MODULE": "webapp.config.settings"}
    command = [sys.executable, "-m", "deploy.supervisor", "--only", "web"]
    with (tmp_path / "said.txt").open("wb") as said:
        site = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=said)
    try:
        until(lambda: read(port, "/about/"))
        for _ in range(19):
            assert read(port, "/about/")
        line = 'mien_requests_total{method="GET",page="/about/",status="200"} 20.0'
        until(lambda: line in read(metrics, "/metrics"))
        assert "mien_database_up 1.0" in read(metrics, "/metrics")
        assert read(port, "/metrics") == ""  # no visitor's
    finally:
        site.terminate()
        site.wait(PATIENCE)


def read(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            text: str = answer.read().decode()
    except OSError:
        return ""
    return text
