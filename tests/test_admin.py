import pytest
from django.test import Client

from labeling.models import Contribution, TrainingRun, User, Withdrawal
from tests.make import make_contribution, make_run, make_user, make_version

pytestmark = pytest.mark.django_db

MODELS = (
    "contribution",
    "trainingrun",
    "user",
    "modelversion",
    "review",
    "vote",
    "exam",
    "promotion",
    "snapshot",
    "withdrawal",
    "erasure",
)


@pytest.fixture
def boss(client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


def act(client: Client, model: str, action: str, *rows: object) -> None:
    url = f"/admin/labeling/{model}/"
    picked = [str(getattr(row, "pk", row)) for row in rows]
    data = {"action": action, "_selected_action": picked}
    assert client.post(url, data).status_code == 302


def test_strangers_sign_in_by_the_sites_own_door(client: Client):
    assert client.get("/admin/").url.startswith("/admin/login/")
    door = client.get("/admin/login/", follow=True)
    assert door.redirect_chain[-1][0].startswith("/accounts/login/")


def test_people_without_staff_rights_stay_out(client: Client):
    client.force_login(make_user("rita", "reviewer", "trainer"))
    for model in MODELS:
        assert client.get(f"/admin/labeling/{model}/").status_code in (302, 403)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_can_be_looked_at_and_searched(
    client: Client, boss: User, model: str
):
    make_contribution()
    make_run()
    make_version()
    assert client.get(f"/admin/labeling/{model}/").status_code == 200
    assert client.get(f"/admin/labeling/{model}/?q=x").status_code in (200, 302)


def test_a_faces_page_shows_it_without_a_field_to_write_in(client: Client, boss: User):
    face = make_contribution(source_name="<b>hostile</b>")
    html = client.get(f"/admin/labeling/contribution/{face.pk}/change/").text
    assert f"/faces/{face.pk}.jpg" in html
    assert f"/review/{face.pk}/" in html
    assert "<b>hostile" not in html
    assert 'name="status"' not in html
    url = f"/admin/labeling/contribution/{face.pk}/change/"
    assert client.post(url, {"status": "accepted"}).status_code == 403


def test_accepting_leaves_an_event(client: Client, boss: User):
    face = make_contribution(emotion="fear")
    act(client, "contribution", "accept", face)
    face.refresh_from_db()
    assert face.status == "accepted"
    assert face.reviews.get().by == boss


def test_withdrawing_leaves_a_tombstone(client: Client, boss: User):
    face = make_contribution()
    act(client, "contribution", "take_back", face)
    assert not Contribution.objects.exists()
    assert Withdrawal.objects.filter(pk=face.pk).exists()


def test_cancelling_asks_the_run(client: Client, boss: User):
    run = make_run(status="training")
    act(client, "trainingrun", "cancel", run)
    assert TrainingRun.objects.get().cancel_asked_at


def test_deleting_an_account_withdraws_its_faces(client: Client, boss: User):
    ada = make_user("ada")
    face = make_contribution(giver=ada)
    url = f"/admin/labeling/user/{ada.pk}/delete/"
    assert client.get(url).status_code == 200
    client.post(url, {"post": "yes"})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert Withdrawal.objects.filter(pk=face.pk).exists()


def test_staff_who_are_no_admins_make_nobody_anything(client: Client):
    sam = make_user("sam", is_staff=True)
    client.force_login(sam)
    url = f"/admin/labeling/user/{sam.pk}/change/"
    assert client.post(url, {"is_superuser": "on"}).status_code == 403


def test_private_test_is_not_shown_beside_a_version(client: Client, boss: User):
    version = make_version(private_test={"accuracy": 0.9123})
    html = client.get(f"/admin/labeling/modelversion/{version.pk}/change/").text
    assert "0.9123" not in html
