import hashlib
import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from labeling.contributions import consent, offers, withdrawals
from labeling.detection.photos import FaceClaim
from labeling.errors import Refused
from labeling.models import Contribution, Crop, SpentToken
from ml.emotions import EMOTIONS
from ml.vision import decode
from tests.support.concurrency import crash_before, together
from tests.support.factories import make_face, make_face_jpeg, make_user, make_version

pytestmark = pytest.mark.django_db


def make_claim(nonce: bytes = b"n" * 16) -> FaceClaim:
    return FaceClaim(
        nonce=nonce,
        box=(1, 2, 30, 40),
        version_id=make_version().pk,
        emotion="fear",
        probabilities={e: 0.4 if e == "fear" else 0.1 for e in EMOTIONS},
        expires=timezone.now() + timedelta(hours=1),
    )


def offer(jpeg: bytes | None = None, emotion: str = "happy", **how):
    how = {"by": None, "consent": consent.given(), "claim": None, **how}
    return offers.offer(jpeg or make_face_jpeg(), emotion, **how)


def refusal(call, *args, **how) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **how)
    assert str(refused.value)
    return refused.value.code


def test_it_keeps_the_face_the_label_the_consent_and_what_the_model_said():
    alice, claim = make_user(), make_claim()
    given = offer(
        by=alice, claim=claim, consent=consent.given(may_be_seen=True)
    ).contribution
    face = Contribution.objects.get()
    assert face == given
    assert (face.status, face.emotion, face.giver) == ("waiting", "happy", alice)
    assert (face.may_be_seen, face.may_be_released) == (True, False)
    assert (face.consent_version, face.consent_language) == (consent.VERSION, "en")
    assert face.consented_at
    assert (face.model_version_id, face.model_emotion) == (claim.version_id, "fear")
    assert face.model_probabilities["fear"] == 0.4
    assert bytes(face.crop.jpeg) == make_face_jpeg()
    assert face.crop.edge == 128


def test_without_an_account_it_leaves_a_secret_of_which_only_the_hash_is_kept():
    given = offer()
    assert len(given.secret) >= 22
    face = Contribution.objects.get()
    assert face.withdrawal_hash == withdrawals.secret_hash(given.secret)
    assert given.secret not in str(Contribution.objects.values())


def test_with_an_account_there_is_no_secret():
    given = offer(by=make_user())
    assert given.secret is None
    assert given.contribution.withdrawal_hash is None


def test_a_token_is_spent_on_use():
    claim = make_claim()
    offer(claim=claim)
    assert refusal(offer, make_face_jpeg(2), claim=claim) == "token_spent"
    assert Contribution.objects.count() == Crop.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_submits_at_once_store_one_face():
    claim = make_claim()
    outcomes = together(8, lambda _: offer(claim=claim))
    assert sorted(str(type(o).__name__) for o in outcomes) == [
        "Offer",
        *["Refused"] * 7,
    ]
    assert {o.code for o in outcomes if isinstance(o, Refused)} == {"token_spent"}
    assert Contribution.objects.count() == Crop.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_any_two_statements_leaves_nothing_half():
    alice = make_user()
    for statement in range(1, 30):
        claim = make_claim(statement.to_bytes(16))
        is_dead = crash_before(
            statement, lambda claim=claim: offer(claim=claim, by=alice)
        )
        tables = Contribution, Crop, SpentToken
        assert [t.objects.count() for t in tables] == ([0] * 3 if is_dead else [1] * 3)
        if not is_dead:
            break
    assert statement > 5


def test_it_needs_an_emotion():
    for emotion in ("", "bored", "HAPPY"):
        assert refusal(offer, emotion=emotion) == "emotion_missing"
    assert not Contribution.objects.exists()


def test_it_needs_consent_to_a_text_of_ours():
    assert refusal(offer, consent=None) == "consent_missing"
    other = consent.Consent("1999-01", "en")
    assert refusal(offer, consent=other) == "consent_unknown"
    assert not Contribution.objects.exists()


def test_every_consent_text_is_kept_whole():
    assert consent.VERSION in consent.TEXTS
    for text in consent.TEXTS.values():
        assert all(map(str, (text.keep, text.adult, text.seen, text.released)))


def test_no_consent_text_that_people_agreed_to_is_edited():
    digests = {
        version: hashlib.sha256(
            "|".join(
                map(str, (text.keep, text.adult, text.seen, text.released))
            ).encode()
        ).hexdigest()[:16]
        for version, text in consent.TEXTS.items()
    }
    assert digests == {
        "2026-11": "0f60cf2d19d7c583",
        "2026-11-28": "f0dc6036652fcd51",
        "2026-12": "fab39b7a7b245fc1",
    }


def test_one_box_asks_for_both_that_are_required():
    text = consent.TEXTS[consent.VERSION]
    assert str(text.keep) in text.agree
    assert str(text.adult) in text.agree


def test_a_poor_picture_is_refused_with_a_sentence():
    sharp = make_face()
    import cv2

    for code, rgb in {
        "too_dark": sharp // 8,
        "too_bright": 255 - (255 - sharp) // 12,
        "too_flat": 120 + sharp // 16,
        "too_blurred": cv2.GaussianBlur(sharp, (0, 0), 8),
        "too_small": cv2.resize(sharp, (40, 40)),
    }.items():
        assert refusal(offer, decode.encode_jpeg(rgb)) == code
    assert not Contribution.objects.exists()


def test_what_is_no_crop_of_ours_is_refused():
    wide = decode.encode_jpeg(make_face()[:100])
    large = decode.encode_jpeg(make_face(side=300))
    for jpeg in (wide, large):
        assert refusal(offer, jpeg) == "not_a_crop"
    for junk in (b"", b"GIF89a", make_face_jpeg()[:200]):
        with pytest.raises(decode.BadPicture):
            offers.offer(junk, "sad", by=None, consent=consent.given(), claim=None)


def test_no_metadata_survives():
    exif = Image.Exif()
    exif[0x010E] = "taken at 52.5 N 13.4 E"
    with Image.open(io.BytesIO(make_face_jpeg())) as picture:
        file = io.BytesIO()
        picture.save(file, "jpeg", exif=exif, comment=b"hello", quality=95)
    offer(file.getvalue() + b"trailer")
    jpeg = bytes(Crop.objects.get().jpeg)
    for word in (b"52.5 N", b"hello", b"trailer", b"Exif"):
        assert word not in jpeg


def test_hostile_text_is_only_text():
    hostile = "'); DROP TABLE labeling_contribution; --<script>{{ 7*7 }}%s"
    offer(source="import", source_name=hostile[:100], consent_basis=hostile)
    assert Contribution.objects.get().consent_basis == hostile


def test_a_face_given_without_an_account_can_be_claimed_once():
    alice, bob = make_user(), make_user("bob")
    given = offer()
    assert offers.claim(given.secret, by=alice).giver == alice
    assert refusal(offers.claim, given.secret, by=bob) == "unknown_link"
    assert refusal(withdrawals.withdraw_by_secret, given.secret) == "unknown_link"
    assert Contribution.objects.get().giver == alice


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_at_once_do_not_both_get_it():
    people, given = [make_user(), make_user("bob")], offer()
    outcomes = together(2, lambda i: offers.claim(given.secret, by=people[i]))
    assert sorted(type(o).__name__ for o in outcomes) == ["Contribution", "Refused"]


def test_a_givers_side_is_fixed_at_the_first_gift(settings):
    settings.HOLD_OUT_PERCENT = 100
    alice = make_user()
    assert offer(by=alice).contribution.split == "exam"
    settings.SECRET_KEY, settings.HOLD_OUT_PERCENT = "another", 0
    alice.refresh_from_db()
    assert offer(make_face_jpeg(2), by=alice).contribution.split == "exam"
    assert offer(make_face_jpeg(3), by=make_user("bob")).contribution.split == "train"


def test_about_a_tenth_of_the_givers_examine():
    from labeling.contributions import holdout
    from labeling.models import User

    sides = [holdout._draw(User()) for _ in range(2000)]
    assert 140 < sides.count("exam") < 260


def test_without_an_account_a_face_never_examines(settings):
    settings.HOLD_OUT_PERCENT = 100
    assert offer().contribution.split == "train"
    with pytest.raises(IntegrityError), transaction.atomic():
        Contribution.objects.update(split="exam")


def test_a_claim_that_would_mix_sides_leaves_both(settings):
    settings.HOLD_OUT_PERCENT = 100
    alice = make_user()
    offer(by=alice)
    claimed = offers.claim(offer(make_face_jpeg(2)).secret, by=alice)
    assert claimed.split == "neither"
    assert alice.gifts.filter(split="exam").count() == 1


def test_who_first_gave_without_an_account_stays_on_the_training_side(settings):
    settings.HOLD_OUT_PERCENT = 100
    bob = make_user("bob")
    assert offers.claim(offer().secret, by=bob).split == "train"
    bob.refresh_from_db()
    assert offer(make_face_jpeg(2), by=bob).contribution.split == "train"


def test_consent_to_be_seen_can_be_taken_back():
    face = offer(consent=consent.given(may_be_seen=True)).contribution
    Contribution.objects.update(screened_at=timezone.now())
    offers.change_consent(face, consent.given(may_be_released=True))
    face.refresh_from_db()
    assert (face.may_be_seen, face.screened_at) == (False, None)
    assert face.may_be_released
