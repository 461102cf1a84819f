"""What a giver says about a face: the expression, and what may be done with it."""

import base64
import binascii

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.contributions import consent
from labeling.emotions import Emotion

MOST_BASE64 = 400_000  # a 256 px crop takes about 30,000


class FaceForm(forms.Form):
    """A face that was found a moment ago; it comes back from the browser."""

    crop = forms.CharField(max_length=MOST_BASE64, widget=forms.HiddenInput)
    token = forms.CharField(max_length=4000, widget=forms.HiddenInput)
    emotion = forms.ChoiceField(
        choices=Emotion.choices,
        required=False,
        error_messages={"invalid_choice": _("Please choose one of the seven.")},
    )

    def clean_crop(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["crop"], validate=True)
        except (binascii.Error, ValueError):
            raise forms.ValidationError(
                _("The face did not arrive whole. Nothing was kept; please try again.")
            ) from None


class GiveForm(FaceForm):
    emotion = forms.ChoiceField(
        choices=Emotion.choices,
        error_messages={
            "required": _("Please say which expression this face shows."),
            "invalid_choice": _("Please choose one of the seven."),
        },
    )
    adult = forms.BooleanField(
        error_messages={
            "required": _(
                "We can only take faces of adults, given by themselves or with their"
                " permission."
            )
        }
    )
    keep = forms.BooleanField(
        error_messages={"required": _("Without this we may not keep the face.")}
    )
    may_be_seen = forms.BooleanField(required=False)
    may_be_released = forms.BooleanField(required=False)

    def consent(self) -> consent.Consent:
        return consent.given(
            may_be_seen=self.cleaned_data["may_be_seen"],
            may_be_released=self.cleaned_data["may_be_released"],
        )
