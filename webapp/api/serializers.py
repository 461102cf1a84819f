"""What goes in and out of the API: the same words as in the OpenAPI schema."""

from typing import Any, get_args

from rest_framework import serializers

from labeling.emotions import Emotion
from labeling.models import Exam, TrainingRun
from labeling.training import run_options
from ml.artefact.answers import ANSWERS
from ml.config import GATE_POLICIES, NETWORKS
from ml.emotions import EMOTIONS
from ml.vision.decode import Note
from ml.vision.face_crop import Doubt


class Probabilities(serializers.Serializer[object]):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {emotion: serializers.FloatField() for emotion in EMOTIONS}


class Face(serializers.Serializer[object]):
    box = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=4,
        max_length=4,
        help_text="x, y, width, height in pixels of the upright photo.",
    )
    score = serializers.FloatField(help_text="How sure the face finder is, 0 to 1.")
    emotion = serializers.ChoiceField(choices=Emotion.choices)
    is_sure = serializers.BooleanField(help_text="False where it is hard to say.")
    runner_up = serializers.ChoiceField(
        choices=Emotion.choices,
        allow_null=True,
        help_text="The second, where it is close.",
    )
    doubt = serializers.ChoiceField(
        choices=list(get_args(Doubt)),
        allow_null=True,
        help_text="Why it is not sure whatever the probabilities say.",
    )
    probabilities = Probabilities()
    crop = serializers.CharField(
        required=False, help_text="With crops=1: the face, a JPEG in base64."
    )
    token = serializers.CharField(
        required=False,
        help_text="With crops=1: gives this crop within the hour, once.",
    )
    evidence = serializers.ListField(
        required=False,
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="With evidence=1: rows of 0 to 255, where the model looked.",
    )


class Photo(serializers.Serializer[object]):
    model = serializers.CharField()
    answer = serializers.ChoiceField(choices=ANSWERS)
    detector = serializers.ChoiceField(choices=["yunet", "haar"])
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    note = serializers.ChoiceField(
        choices=list(get_args(Note)),
        allow_null=True,
        help_text="no_end: a JPEG that stops a little early, its pixels all there.",
    )
    faces = Face(many=True, help_text="The largest first.")


class ErrorDetail(serializers.Serializer[object]):
    code = serializers.CharField()
    message = serializers.CharField()


class Error(serializers.Serializer[object]):
    error = ErrorDetail()


class SeveralPhotos(serializers.Serializer[object]):
    photos = Photo(
        many=True, help_text='A photo that cannot be read is {"error": {…}} here.'
    )


class Upload(serializers.Serializer[object]):
    photo = serializers.ListField(
        child=serializers.FileField(), help_text="One photo, or the field repeated."
    )


class Gift(serializers.Serializer[object]):
    crop = serializers.CharField(help_text="As it came with crops=1.")
    token = serializers.CharField(help_text="As it came with crops=1.")
    emotion = serializers.ChoiceField(choices=Emotion.choices)
    adult = serializers.BooleanField(
        help_text="True: the face is an adult's, who gives it or has agreed."
    )
    keep = serializers.BooleanField(help_text="True: it may be kept for training.")
    may_be_seen = serializers.BooleanField(
        default=False, help_text="Other visitors may see it to vote on it."
    )
    may_be_released = serializers.BooleanField(
        default=False, help_text="It may be part of a public data set."
    )


class Given(serializers.Serializer[object]):
    id = serializers.UUIDField()
    emotion = serializers.ChoiceField(choices=Emotion.choices)
    status = serializers.CharField()
    is_second_label = serializers.BooleanField(
        help_text="True: you gave this same picture before, as another expression. It "
        "counts once; a reviewer decides which of the two is right."
    )
    withdrawal = serializers.URLField(
        allow_null=True,
        help_text="Without an account: the private link that takes the face back. "
        "Nobody can show it again.",
    )


class Model(serializers.Serializer[object]):
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    emotions = serializers.ListField(child=serializers.CharField())
    detector = serializers.ChoiceField(choices=["yunet", "haar"])
    private_test = serializers.DictField(
        allow_null=True, help_text="PrivateTest of FER-2013, measured after promotion."
    )
    card = serializers.DictField(help_text="card.json of the artefact.")


class Wish(serializers.Serializer[object]):
    preset = serializers.ChoiceField(choices=TrainingRun.Preset.choices)
    start = serializers.ChoiceField(choices=run_options.STARTS, required=False)
    policy = serializers.ChoiceField(choices=GATE_POLICIES, required=False)
    weight = serializers.FloatField(
        required=False, help_text="Of a contribution, against 1 for a FER-2013 face."
    )
    network = serializers.ChoiceField(
        choices=NETWORKS, required=False, help_text="Only from scratch."
    )
    epochs = serializers.IntegerField(required=False, min_value=1, max_value=500)


class Run(serializers.Serializer[object]):
    id = serializers.IntegerField()
    preset = serializers.ChoiceField(choices=TrainingRun.Preset.choices)
    status = serializers.ChoiceField(choices=TrainingRun.Status.choices)
    progress = serializers.FloatField(help_text="0 to 1, with the exam.")
    seconds_left = serializers.FloatField(allow_null=True)
    message = serializers.CharField()
    version = serializers.CharField(allow_null=True, help_text="What it has trained.")
    outcome = serializers.ChoiceField(
        choices=Exam.Outcome.choices, allow_null=True, help_text="Of the exam."
    )
    verdict = serializers.CharField(allow_null=True)
