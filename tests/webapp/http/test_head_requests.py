"""HEAD, and bodies whose length nobody knows."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/contribute/",
        "/withdraw/",
        "/my/",
        "/accounts/login/",
        "/admin/",
        "/api/v1/model",
        "/api/schema/",
    ],
)
def test_the_head_is_had_wherever_a_page_is(client: Client, path: str) -> None:
    assert client.head(path).status_code == client.get(path).status_code < 400


def test_chunks_that_no_server_put_together_are_not_called_empty(
    client: Client,
) -> None:
    for path in ("/detect/", "/api/v1/detect"):
        answer = client.post(
            path,
            b"",
            content_type="image/jpeg",
            headers={"Transfer-Encoding": "chunked"},
        )
        assert answer.status_code == 411
    assert answer.json()["error"]["code"] == "length_required"
