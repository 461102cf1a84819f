"""What no browser sends, at every kind of door: a 400, never a 500, nothing kept."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client, RequestFactory
from django.urls import reverse

from labeling.models import ApiToken, Contribution, ModelVersion, TrainingRun
from tests.support import factories
from tests.support.factories import make_contribution, make_user, make_version
from webapp.forms import ids
from webapp.wsgi import application

pytestmark = pytest.mark.django_db

NO_TEXTS = {"nul": "a\0b", "half a pair": "\ud800"}
DIGITS = ["²", "٣", "３", "1_0", " 1", "-1", "1e3", "9" * 30, "9" * 5000, "", "\0"]


@pytest.fixture
def everything(client: Client) -> Client:
    """Of somebody who may do all there is, so that nothing is refused for that."""
    client.force_login(make_user("root", "reviewer", "trainer", is_superuser=True))
    client.raise_request_exception = False
    return client


def multipart(*parts: bytes, **options: str) -> dict[str, Any]:
    body = b"".join(
        b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
        % tuple(part.split(b"|"))
        for part in parts
    )
    named = "".join(f"; {name}={value}" for name, value in options.items())
    kind = "multipart/form-data; boundary=x" + named
    return {"data": body + b"--x--\r\n", "content_type": kind}


# --- text that is none


@pytest.mark.parametrize(
    "path",
    [
        *("/?q=a%00b", "/?a%00b=q", "/models/a%00b/", "/data/?x=%00", "/health?%00"),
        *("/vote/?emotion=%00", "/api/v1/model?x=%00", "/admin/?q=%00"),
        *("/accounts/login/?next=%00", "/faces/seen/a%00b.jpg", "/review/?note=%00"),
        "/accounts/password/reset/key/1-a%00b/",
    ],
)
def test_nul_in_an_address(everything: Client, path: str) -> None:
    assert everything.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/nothing/a%00b/", "/static/a%00b", "/faces/%00.jpg"])
def test_where_there_is_nothing_there_is_nothing(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        *("account_login", "account_signup", "account_email", "account_reset_password"),
        *("make-token", "my-claim", "my-withdraw", "my-delete", "withdraw", "training"),
        *("contribute", "contribute-give", "answer", "detect", "vote-cast"),
        *("review-bulk", "api-contributions", "api-trainings", "api-detect"),
    ],
)
def test_nul_in_a_form(everything: Client, name: str) -> None:
    path = reverse(name)
    for sent in (
        {"data": "name=a%00b&preset=quick", "content_type": FORM},
        {"data": "a%00b=name", "content_type": FORM},
        multipart(b'name="name"|a\0b'),
        multipart(b'name="a\0b"; filename="x"|y'),
    ):
        assert everything.post(path, **sent).status_code == 400
    assert not ApiToken.objects.exists()
    assert not TrainingRun.objects.exists()


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("text", NO_TEXTS.values(), ids=NO_TEXTS)
@pytest.mark.parametrize("name", ["api-contributions", "api-trainings"])
def test_no_text_in_json(everything: Client, name: str, text: str) -> None:
    wish = {"preset": "full", "start": "scratch"}
    for body in (
        wish | {"network": text},
        wish | {text: "x"},
        wish | {"crop": [{"deeper": text}]},
        [text],
        text,
    ):
        sent = everything.post(reverse(name), json.dumps(body), "application/json")
        assert sent.status_code == 400
        assert sent.json()["error"]["code"] == "bad_request"
    assert not TrainingRun.objects.exists()


def test_the_session_of_a_cookie_that_is_no_text_is_none(client: Client) -> None:
    for name in ("sessionid", "csrftoken", "mien_device", "mien_given", "messages"):
        answer = client.get("/vote/", headers={"cookie": rf'{name}="{NULS}"'})
        assert answer.status_code == 200
        answer = client.get("/my/", headers={"cookie": rf'{name}="{NULS}"'})
        assert answer.status_code == 302


NULS = r"\000" * 9


# --- how a body says it is to be read


@pytest.mark.parametrize("named", ["rot13", "unicode_escape", "utf-16", "idna", "nope"])
@pytest.mark.parametrize("path", ["/contribute/", "/api/v1/trainings"])
def test_only_the_encoding_of_our_own_pages_is_read(
    everything: Client, path: str, named: str
) -> None:
    for sent in (
        multipart(b'name="emotion"|\\ud800', charset=named),
        {"data": b"emotion=x", "content_type": f"{FORM}; charset={named}"},
        {"data": b"{}", "content_type": f"application/json; charset={named}"},
    ):
        assert everything.generic("POST", path, **sent).status_code == 400
    assert everything.get("/", CONTENT_TYPE=f"a/b; charset={named}").status_code == 400


@pytest.mark.parametrize("named", ["utf-8", "UTF8", '"utf-8"', "us-ascii"])
def test_that_encoding_may_be_named(client: Client, named: str) -> None:
    sent = {"data": "{}", "content_type": f"application/json; charset={named}"}
    answer = client.post("/api/v1/contributions", **sent)
    assert answer.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize("kind", ["*/*", "application/*", "*/json", "multipart/*"])
def test_a_body_says_what_it_is(everything: Client, kind: str) -> None:
    sent = {"data": '{"preset": "\\u0000"}', "content_type": kind}
    assert everything.post("/api/v1/trainings", **sent).status_code == 400


@pytest.mark.usefixtures("champion")
def test_a_photo_need_not_say_which_kind_it_is(client: Client) -> None:
    photo = factories.make_photo(29)
    answer = client.post("/api/v1/detect", photo, content_type="image/*")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        "a/b; c*=nope''x",
        "multipart/form-data; boundary*=nope''x",
        "a/b; charset*=punycode''\xff",
        "a/b; charset*=unicode_escape''%5cud800",
        "a/b; c*=undefined''zz",
        "a/b; charset=a\0b",
    ],
)
def test_a_content_type_that_django_cannot_read_breaks_no_server(kind: str) -> None:
    """By the real WSGI application, which makes the request."""
    environ = RequestFactory().get("/", HTTP_HOST="127.0.0.1").environ
    said: list[str] = []
    application(
        {**environ, "CONTENT_TYPE": kind}, lambda status, headers: said.append(status)
    )
    assert said == ["400 Bad Request"]


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("times", [40, 900, 100_000])
def test_json_without_end(everything: Client, opening: str, times: int) -> None:
    closing = {"[": "]", '{"a":': "}", '[{"a":': "}]"}[opening]
    for body in (opening * times + "1" + closing * times, opening * times):
        for path in ("/api/v1/contributions", "/api/v1/trainings"):
            sent = everything.post(path, body, content_type="application/json")
            assert sent.status_code == 400


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-1" + "0" * 30, "1" * 5000])
@pytest.mark.parametrize("name", ["weight", "epochs", "hosts", "preset", "network"])
def test_numbers_without_end(everything: Client, name: str, number: str) -> None:
    body = f'{{"preset": "quick", "{name}": {number}}}'
    sent = everything.post("/api/v1/trainings", body, content_type="application/json")
    assert sent.status_code == 400


@pytest.mark.parametrize(
    "body", ["", "{", "null", "1", '"x"', "[]", "NaN", '{"preset":', b"\xff\xfe{"]
)
def test_what_is_no_json_or_no_wish_is_refused_in_the_form_of_the_api(
    everything: Client, body: str | bytes
) -> None:
    sent = everything.post("/api/v1/trainings", body, content_type="application/json")
    assert sent.status_code == 400
    assert sent.json()["error"]["message"]


def test_a_program_may_say_json_and_send_nothing(everything: Client) -> None:
    path = reverse("api-training-cancel", args=[factories.make_run().pk])
    sent = everything.post(path, "", content_type="application/json")
    assert sent.status_code == 202


def test_who_hangs_up_while_sending_is_nobodys_fault(client: Client) -> None:
    class Gone(BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("gone")

    answer = client.post(
        "/contribute/", **multipart(b'name="a"|b'), **{"wsgi.input": Gone()}
    )
    assert answer.status_code == 400


# --- ids


@pytest.mark.parametrize("text", DIGITS)
def test_an_id_is_written_as_we_write_it(text: str) -> None:
    assert ids.number(text) is None
    assert ids.uuid(text) is None


def test_a_uuid_has_one_form_only() -> None:
    text = "8c1d3a52-6a1d-4c5e-9f0b-1c2d3e4f5a6b"
    assert str(ids.uuid(text)) == text
    odd = [text.upper(), text.replace("-", ""), f"{{{text}}}", f"urn:uuid:{text}"]
    assert ids.uuids([*odd, text.replace("8", "٨", 1), text[:-1]]) == []
    assert ids.number("42") == 42


@pytest.mark.parametrize("text", ["²", "٣", "-1", "9" * 30, "9" * 5000, ""])
def test_odd_digits_are_no_id(everything: Client, text: str) -> None:
    face = make_contribution()
    make_version("mien-1", is_champion=True)
    make_version("mien-2")
    for name, key in (
        ("review", "giver"),
        ("review", "cluster"),
        ("review-grid", "giver"),
        ("training", "page"),
        ("my", "page"),
        ("admin:labeling_contribution_changelist", "p"),
        ("admin:labeling_contribution_changelist", "o"),
        ("admin:labeling_contribution_changelist", "giver__id__exact"),
        ("admin:labeling_trainingrun_changelist", "q"),
    ):
        assert everything.get(reverse(name), {key: text}).status_code in (200, 302)
    for path in (f"/training/{text}/", f"/api/v1/trainings/{text}", f"/review/{text}/"):
        assert everything.get(path).status_code == 404 or not text
    for name in ("model-override", "model-roll-back"):
        sent = {"instead_of": text, "reason": "better"}
        code = everything.post(reverse(name, args=["mien-2"]), sent).status_code
        assert code == (404 if text else 302)
    for name in ("review-bulk", "my-withdraw"):
        sent = {"face": [text], "only": text, "act": "accept", "sure": "yes"}
        assert everything.post(reverse(name), sent).status_code in (200, 302)
    champion = ModelVersion.objects.get(is_champion=True)
    assert champion.name == "mien-1" or not text
    assert Contribution.objects.get() == face
    assert face.status == "waiting"


@pytest.mark.parametrize("model", ["contribution", "trainingrun", "user"])
@pytest.mark.parametrize("text", ["²", "9" * 30, "x"])
def test_nothing_odd_is_selected_in_the_admin(
    everything: Client, model: str, text: str
) -> None:
    everything.force_login(
        make_user("boss", "reviewer", "trainer", is_superuser=True, is_staff=True)
    )
    path = reverse(f"admin:labeling_{model}_changelist")
    for act in ("accept", "cancel", "take_back", "delete_selected"):
        sent = {"action": act, "_selected_action": [text], "index": "0"}
        assert everything.post(path, sent).status_code in (200, 302, 400)
    assert everything.get(f"{path}{text}/change/").status_code in (302, 404)
    kind = ContentType.objects.get(app_label="labeling", model=model).pk
    assert everything.get(f"/admin/r/{kind}/{text}/").status_code == 404


@pytest.mark.parametrize("address", ["//[", "http://[::1", "http://a]b/"])
@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_logout"])
def test_one_goes_on_to_no_address_that_is_none(
    client: Client, name: str, address: str
) -> None:
    assert client.get(reverse(name), {"next": address}).status_code in (200, 302)
    assert client.post(reverse(name), {"next": address}).status_code in (200, 302)
