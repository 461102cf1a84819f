"""What happens at one moment, from several browsers: one wins, nobody meets a fault."""

import base64
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labeling.contributions import consent, offers, withdrawals
from labeling.datasets import snapshots
from labeling.detection import photos
from labeling.models import (
    Contribution,
    Crop,
    ModelVersion,
    Promotion,
    Review,
    SnapshotRow,
    TrainingRun,
    User,
    Vote,
    Withdrawal,
)
from labeling.registry import lineage, model_versions
from labeling.training import training_runs
from tests.support.concurrency import together
from tests.support.factories import (
    make_contribution,
    make_face_jpeg,
    make_photo,
    make_run,
    make_tiny_jpeg,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db(transaction=True)

AGREED = {"adult": "on", "keep": "on", "may_be_seen": "on"}
PASSPHRASE = "a-long-passphrase-77"


def browser(user: User | None = None) -> Client:
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


def statuses(answers: list[Any]) -> Counter[int]:
    """How often each; what was raised instead of answered is raised here."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return Counter(answer.status_code for answer in answers)


def given_link() -> str:
    offer = offers.offer(
        make_face_jpeg(5), "sad", by=None, consent=consent.given(), claim=None
    )
    return f"https://mien.example/withdraw/#{offer.secret}"


@pytest.mark.usefixtures("champion")
def test_fifty_who_use_one_token_give_one_face() -> None:
    found = photos.detect(make_photo(29), crops=True).faces[0]
    crop = base64.b64encode(found.crop_jpeg).decode()
    gift = {"crop": crop, "token": found.token, "emotion": "sad", **AGREED}

    def give(number: int) -> Any:
        if number % 2:
            return browser().post("/contribute/give/", gift)
        body = gift | dict.fromkeys(AGREED, True)
        return browser().post("/api/v1/contributions", body, "application/json")

    assert statuses(together(50, give)) == {201: 1, 409: 49}
    assert Contribution.objects.count() == Crop.objects.count() == 1


def test_of_ten_who_claim_one_link_one_gets_it() -> None:
    link, clients = given_link(), [browser(make_user(f"user{n}")) for n in range(10)]
    answers = together(10, lambda n: clients[n].post("/my/claim/", {"link": link}))
    assert statuses(answers) == {302: 10}
    assert Contribution.objects.get().giver
    told = [client.get("/my/").text for client in clients]
    assert sum("The face is yours here now." in text for text in told) == 1
    assert sum("This link is not known" in text for text in told) == 9


def test_a_link_either_claims_or_withdraws() -> None:
    for number in range(5):
        link, client = given_link(), browser(make_user(f"user{number}"))
        acts: list[Callable[[], Any]] = [
            lambda c=client, link=link: c.post("/my/claim/", {"link": link}),
            lambda link=link: browser().post(
                "/withdraw/", {"links": link, "sure": "yes"}
            ),
        ]
        claimed, withdrawn = together(2, lambda n, acts=acts: acts[n]())
        assert claimed.status_code == 302
        face = Contribution.objects.first()
        assert withdrawn.status_code == (400 if face else 200)
        if face:
            withdrawals.withdraw(face)
    assert Withdrawal.objects.count() == 5


def test_of_several_promotions_at_once_each_follows_the_one_before() -> None:
    base = make_version("base")
    model_versions.promote(base, kind=Promotion.Kind.FIRST)
    versions = [make_version() for _ in range(4)]
    clients = [browser(make_user(f"user{n}", "trainer")) for n in range(4)]

    def override(number: int, **more: object) -> Any:
        path = f"/models/{versions[number].name}/override/"
        return clients[number].post(path, {"reason": "a trial", **more})

    assert statuses(together(4, override)) == {302: 4}
    chain = list(Promotion.objects.order_by("pk"))
    assert [promotion.former for promotion in chain] == [
        None,
        *(promotion.version for promotion in chain[:-1]),
    ]
    champion = ModelVersion.objects.get(is_champion=True)
    assert champion == chain[-1].version
    # All looked at the same champion: one decision stands.
    others = [n for n in range(4) if versions[n] != champion]
    together(3, lambda n: override(others[n], instead_of=champion.pk))
    assert Promotion.objects.count() == len(chain) + 1
    assert ModelVersion.objects.filter(is_champion=True).count() == 1


@pytest.mark.parametrize("act", ["accept", "screen", "consent", "vote", "snapshot"])
def test_whatever_happens_to_a_face_that_is_withdrawn_it_is_gone(
    act: str, tmp_path: Path, settings: Any
) -> None:
    settings.FER2013, settings.FERPLUS = tmp_path / "fer2013.csv", None
    settings.FER2013.write_text("stands in")
    giver = make_user("giver")
    for number in range(4):
        run = make_run()
        face = make_contribution(
            giver=giver,
            may_be_seen=True,
            screened_at=timezone.now() if act == "vote" else None,
            status="accepted" if act == "snapshot" else "waiting",
            jpeg=make_tiny_jpeg("happy", number),
        )
        both = [withdrawing(face), doing(act, face, run, tmp_path / str(number))]
        withdrawn, other = together(2, lambda n, both=both: both[n]())
        assert withdrawn.status_code == 200
        assert not isinstance(other, Exception), other
        assert getattr(other, "status_code", 200) < 500
        for model in (Contribution, Crop, Review, Vote):
            assert not model.objects.exists()
        assert Withdrawal.objects.filter(pk=face.pk).exists()
        is_in_it = SnapshotRow.objects.filter(contribution_id=face.pk).exists()
        assert lineage.saw_withdrawn(run.pk) == is_in_it
        training_runs.fail(run.pk, 1, reason="the next one begins")


def withdrawing(face: Contribution) -> Callable[[], Any]:
    client, sent = browser(face.giver), {"only": str(face.pk), "sure": "yes"}
    return lambda: client.post("/my/withdraw/", sent)


def doing(
    act: str, face: Contribution, run: TrainingRun, folder: Path
) -> Callable[[], Any]:
    """What somebody is about to do to a face."""
    if act == "snapshot":
        return lambda: snapshots.freeze(run, run.attempt, folder)
    if act == "consent":
        giver = browser(face.giver)
        return lambda: giver.post(f"/my/{face.pk}/consent/", {"may_be_seen": "on"})
    if act == "vote":
        voter = browser()
        found = re.search(r'name="ticket" value="([^"]+)"', voter.get("/vote/").text)
        assert found
        vote = {"ticket": found[1], "choice": "sad"}
        return lambda: voter.post("/vote/cast/", vote)
    reviewer = browser(make_user(folder.name, "reviewer"))
    return lambda: reviewer.post(f"/review/{face.pk}/decide/", {"act": act})


def test_one_run_starts_however_many_ask(settings: Any, tmp_path: Path) -> None:
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FER2013.write_text("stands in")
    clients = [browser(make_user(f"user{n}", "trainer")) for n in range(4)]
    answers = together(4, lambda n: clients[n].post("/training/", {"preset": "quick"}))
    assert statuses(answers) == {302: 4}
    run = TrainingRun.objects.get()
    assert {answer.url for answer in answers} == {f"/training/{run.pk}/"}


def test_of_two_admins_who_leave_at_once_one_stays() -> None:
    admins = [make_user(f"user{n}", is_staff=True, is_superuser=True) for n in range(2)]
    clients = [browser(admin) for admin in admins]
    answers = together(
        2, lambda n: clients[n].post("/my/delete/", {"email": admins[n].email})
    )
    assert statuses(answers) == {200: 1, 302: 1}
    assert User.objects.filter(is_superuser=True).count() == 1


def test_twelve_who_sign_up_with_one_address_make_one_account() -> None:
    form = {"email": "new@example.org", "password1": PASSPHRASE}
    answers = together(12, lambda _: browser().post("/accounts/signup/", form))
    faults = sum(n for status, n in statuses(answers).items() if status >= 500)
    assert User.objects.filter(email="new@example.org").count() == 1
    assert faults == 0
