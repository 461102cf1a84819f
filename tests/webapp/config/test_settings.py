"""What the environment makes of the settings, in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
OURS = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_URL", "MIEN_DATA", "DEBUG",
    "EMAIL_URL", "TRUSTED_PROXIES", "FACE_DETECTOR", "DJANGO_ALLOW_ASYNC_UNSAFE",
)  # fmt: skip
TELL = """
import json
from webapp.config import settings
names = {k: v for k, v in vars(settings).items() if k.isupper()}
print(json.dumps(names, default=lambda other: type(other).__name__))
"""


def run(
    tmp_path: Path, *command: str, **given: str
) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if k not in OURS}
    return subprocess.run(
        [sys.executable, *command],
        env={**kept, "MIEN_DATA": str(tmp_path / "data"), **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def settings(tmp_path: Path, **given: str) -> dict[str, Any]:
    done = run(tmp_path, "-c", TELL, **given)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refusal(tmp_path: Path, **given: str) -> str:
    done = run(tmp_path, "-c", TELL, **given)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


def test_with_nothing_set_the_site_is_private_plain_and_not_in_debug(
    tmp_path: Path,
) -> None:
    found = settings(tmp_path)
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["SECURE_HSTS_SECONDS"] == 0
    assert found["DATABASES"]["default"]["HOST"].startswith("/")
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "none"
    assert found["MAIL_CONFIGURED"] is False
    assert found["STAFF_MFA"] == "optional"


def test_a_https_address_turns_the_security_on(tmp_path: Path) -> None:
    found = settings(tmp_path, SITE_URL="https://mien.example")
    assert found["ALLOWED_HOSTS"] == ["mien.example"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://mien.example"]
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_HSTS_SECONDS"] > 0
    assert found["TRUSTED_PROXIES"] == 1
    assert found["STAFF_MFA"] == "required"


def test_a_site_shows_an_answer_that_the_model_has(tmp_path: Path) -> None:
    assert settings(tmp_path)["MODEL_ANSWER"] == "mix"
    assert settings(tmp_path, MODEL_ANSWER="raters")["MODEL_ANSWER"] == "raters"
    wrong = refusal(tmp_path, MODEL_ANSWER="crowd")
    assert "it takes one of mix, label, raters" in wrong


def test_plain_http_away_from_this_machine_is_refused(tmp_path: Path) -> None:
    assert "needs https" in refusal(tmp_path, SITE_URL="http://mien.example")


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "SITE_URL" in refusal(tmp_path, SITE_URL="mien.example")


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path,
) -> None:
    first = settings(tmp_path)["SECRET_KEY"]
    file = tmp_path / "data" / "secret_key"
    assert len(first) >= 50
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert settings(tmp_path)["SECRET_KEY"] == first


def test_a_database_elsewhere_needs_a_key_that_is_given(tmp_path: Path) -> None:
    url = "postgresql://mien:pw@db.example:5433/mien"
    assert "SECRET_KEY is not" in refusal(tmp_path, DATABASE_URL=url)
    assert not (tmp_path / "data").exists()
    found = settings(tmp_path, DATABASE_URL=url, SECRET_KEY="given")
    database = found["DATABASES"]["default"]
    assert (database["HOST"], database["PORT"]) == ("db.example", "5433")
    assert (database["USER"], database["PASSWORD"]) == ("mien", "pw")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("TRUSTED_PROXIES", "many"),
        ("DATABASE_URL", "mysql://root:secret@db/mien"),
        ("EMAIL_URL", "smtp://mail:secret@host:port"),
        ("SECURITY_CONTACT", "somebody"),
    ],
)
def test_a_value_that_does_not_fit_is_named_but_never_repeated_with_its_password(
    tmp_path: Path, name: str, value: str
) -> None:
    said = refusal(tmp_path, **{name: value})
    assert name in said
    assert "secret" not in said


def test_a_mail_server_makes_addresses_be_confirmed(tmp_path: Path) -> None:
    found = settings(tmp_path, EMAIL_URL="smtp://me%40example:p%2Fw@mail.example")
    assert found["EMAIL_HOST"] == "mail.example"
    assert found["EMAIL_PORT"] == 587
    assert found["EMAIL_HOST_USER"] == "me@example"
    assert found["EMAIL_HOST_PASSWORD"] == "p/w"
    assert found["EMAIL_USE_TLS"] is True
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory"


def test_an_address_to_tell_of_a_hole_becomes_a_url(tmp_path: Path) -> None:
    found = settings(tmp_path, SECURITY_CONTACT="security@example.org")
    assert found["SECURITY_CONTACT"] == "mailto:security@example.org"
    page = "https://example.org/report"
    assert settings(tmp_path, SECURITY_CONTACT=page)["SECURITY_CONTACT"] == page


def test_the_broker_is_the_same_redis_by_socket_or_network(tmp_path: Path) -> None:
    by_socket = settings(tmp_path, REDIS_URL="unix:///run/redis.sock?db=3")
    assert by_socket["CELERY_BROKER_URL"] == (
        "redis+socket:///run/redis.sock?virtual_host=3"
    )
    by_network = settings(tmp_path, REDIS_URL="redis://redis.example:6379/0")
    assert by_network["CELERY_BROKER_URL"] == "redis://redis.example:6379/0"


def test_the_policy_for_scripts_and_styles_is_strict(tmp_path: Path) -> None:
    rules = settings(tmp_path)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert rules["default-src"] == ["'none'"]
    assert "unsafe" not in json.dumps(rules)


def test_a_public_site_passes_djangos_own_check_without_a_warning(
    tmp_path: Path,
) -> None:
    done = run(
        tmp_path,
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        SITE_URL="https://mien.example",
        SECRET_KEY="a-long-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF",
    )
    assert done.returncode == 0, done.stderr
