from typing import Any

import pytest
from django.test import Client

from labeling import accounts
from labeling.contributions import withdrawals
from labeling.models import Contribution
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]

GIVE = "/api/v1/contributions"


def gift(client: Client, **changed: Any) -> dict[str, Any]:
    seen = client.post(
        "/api/v1/detect?crops=1", factories.make_photo(29), content_type="image/jpeg"
    ).json()
    face = seen["faces"][0]
    return {
        "crop": face["crop"],
        "token": face["token"],
        "emotion": "happy",
        "adult": True,
        "keep": True,
        **changed,
    }


def give(client: Client, fields: dict[str, Any], **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(GIVE, fields, content_type="application/json", headers=named)


def test_a_face_given_without_an_account_comes_with_its_private_link(
    client: Client,
) -> None:
    answer = give(client, gift(client, may_be_seen=True))
    assert answer.status_code == 201
    said = answer.json()
    given = Contribution.objects.get()
    assert said["id"] == str(given.pk)
    assert (given.source, given.emotion, given.status) == ("api", "happy", "waiting")
    assert (given.may_be_seen, given.may_be_released) == (True, False)
    assert "/withdraw/#" in said["withdrawal"]


def test_with_a_token_it_belongs_to_the_account(client: Client) -> None:
    user = factories.make_user()
    _token, secret = accounts.make_token(user, name="laptop")
    answer = give(client, gift(client), Authorization=f"Bearer {secret}")
    assert answer.status_code == 201
    assert answer.json()["withdrawal"] is None
    assert Contribution.objects.get().giver == user


def test_a_revoked_token_opens_nothing(client: Client) -> None:
    token, secret = accounts.make_token(factories.make_user(), name="laptop")
    accounts.revoke_token(token)
    answer = give(client, gift(client), Authorization=f"Bearer {secret}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "authentication_failed"
    assert not Contribution.objects.exists()


@pytest.mark.parametrize("missing", ["adult", "keep", "emotion", "crop", "token"])
def test_consent_emotion_and_face_are_required(client: Client, missing: str) -> None:
    fields = gift(client)
    del fields[missing]
    answer = give(client, fields)
    assert answer.status_code == 400
    assert missing in answer.json()["error"]["fields"]
    assert not Contribution.objects.exists()


def test_consent_that_is_refused_counts_as_missing(client: Client) -> None:
    assert give(client, gift(client, keep=False)).status_code == 400


def test_a_face_is_given_once(client: Client) -> None:
    fields = gift(client)
    assert give(client, fields).status_code == 201
    answer = give(client, fields)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "token_spent"
    assert Contribution.objects.count() == 1


def test_a_token_of_another_face_does_not_open(client: Client) -> None:
    other = gift(client)["token"]
    seen = client.post(
        "/api/v1/detect?crops=1", factories.make_photo(2), content_type="image/jpeg"
    ).json()
    answer = give(client, gift(client, crop=seen["faces"][0]["crop"], token=other))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "token_invalid"


def test_a_broken_body_is_an_error_with_a_sentence(client: Client) -> None:
    answer = client.post(GIVE, "{", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parse_error"


def test_a_gift_sent_again_gets_its_first_answer_with_the_link(client: Client) -> None:
    fields = gift(client)
    first, second = (give(client, fields, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "/withdraw/#" in first.json()["withdrawal"]
    secret = first.json()["withdrawal"].partition("#")[2]
    assert secret not in str(list(Contribution.objects.values()))
    assert withdrawals.face_of_secret(secret) == Contribution.objects.get()


def test_with_another_key_it_was_given_already(client: Client) -> None:
    fields = gift(client)
    give(client, fields, Idempotency_Key="k1")
    answer = give(client, fields, Idempotency_Key="k2")
    assert answer.json()["error"]["code"] == "token_spent"


def test_a_gift_of_an_account_is_sent_again_by_that_account_alone(
    client: Client,
) -> None:
    fields = gift(client)
    _token, ada = accounts.make_token(factories.make_user("ada"), name="laptop")
    _token, bob = accounts.make_token(factories.make_user("bob"), name="laptop")
    mine = {"Authorization": f"Bearer {ada}", "Idempotency_Key": "k1"}
    first, second = (give(client, fields, **mine) for _ in range(2))
    assert first.json() == second.json()
    theirs = {"Authorization": f"Bearer {bob}", "Idempotency_Key": "k1"}
    assert give(client, fields, **theirs).status_code == 409


def test_what_was_taken_back_is_not_given_anew(client: Client) -> None:
    fields = gift(client)
    give(client, fields, Idempotency_Key="k1")
    withdrawals.withdraw(Contribution.objects.get())
    assert give(client, fields, Idempotency_Key="k1").status_code == 409
    assert not Contribution.objects.exists()


@pytest.mark.parametrize("key", ["x" * 201, "a b", "\u00e9"])
def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    assert give(client, gift(client), Idempotency_Key=key).status_code == 400
    assert not Contribution.objects.exists()


def test_a_field_that_nobody_reads_is_refused(client: Client) -> None:
    for how in ({"content_type": "application/json"}, {}):
        answer = client.post(GIVE, {**gift(client), "may_be_sen": True}, **how)
        assert answer.status_code == 400
        assert not Contribution.objects.exists()
