import pytest

from labeling import accounts
from labeling.models import ApiToken, Scope
from tests.support.api_clients import Program
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_token_makes_a_narrower_one_that_ends_with_it() -> None:
    ada = make_user("ada")
    wide = Program(ada, scopes=[Scope.READ, Scope.GIVE])
    answer = wide.post("tokens", {"name": "backup", "scopes": ["read"]})
    assert answer.status_code == 201
    narrow = {"Authorization": f"Bearer {answer.json()['secret']}"}
    assert Program().get("tokens", **narrow).status_code == 200
    first = ApiToken.objects.get(made_by=None)
    assert wide.ask("DELETE", f"tokens/{first.pk}").status_code == 204
    assert Program().get("tokens", **narrow).status_code == 401


def test_no_token_makes_a_wider_one() -> None:
    reader = Program(make_user("ada"), scopes=[Scope.READ])
    answer = reader.post("tokens", {"name": "x", "scopes": ["read", "train"]})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "scope_exceeded"


def test_a_token_ends_none_but_itself_and_those_it_made() -> None:
    ada = make_user("ada")
    other, _secret = accounts.make_token(ada, name="other")
    assert Program(ada).ask("DELETE", f"tokens/{other.pk}").status_code == 404
    assert ApiToken.objects.filter(pk=other.pk).exists()


def test_the_list_shows_no_secrets() -> None:
    ada = make_user("ada")
    program = Program(ada, scopes=[Scope.READ, Scope.VOTE])
    (said,) = program.get("tokens").json()["results"]
    assert said["scopes"] == ["vote", "read"]
    assert program.headers["Authorization"].split("_", 1)[1] not in str(said)
