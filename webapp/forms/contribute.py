"""What a giver says about a face: the expression, and what may be done with it."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from labeling.contributions import consent
from labeling.emotions import Emotion

MOST_BASE64 = 400_000  # a 256 px crop takes about 30,000


class CheckboxOrTruth(forms.Widget):
    """Hands on what came, as it came: Django's own takes every word for a yes."""

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> object:
        if name not in data:
            return False  # a box that is not ticked is not sent
        sent = data.getlist(name) if isinstance(data, MultiValueDict) else [data[name]]
        return sent[0] if len(sent) == 1 else sent


class ConsentField(forms.Field):
    """A plain yes or no: a ticked box, JSON's true and false, or these two words.

    Whatever else is refused, for consent is never guessed.
    """

    widget = CheckboxOrTruth
    default_error_messages = {
        "unclear": _("Please say true or false here: consent is not guessed.")
    }
    WORDS = {"on": True, "true": True, "false": False}

    def to_python(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in self.WORDS:
            return self.WORDS[value]
        raise forms.ValidationError(self.error_messages["unclear"], code="unclear")

    def validate(self, value: bool) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"])

    def bound_data(self, data: object, initial: object) -> bool:
        """What the page shows again: ticked only where it was a yes."""
        return data is True or (isinstance(data, str) and self.WORDS.get(data, False))


class FreeConsentsForm(forms.Form):
    """The two consents that are free to choose; and whoever agreed to an older text may
    agree to today's (`agree`)."""

    agree = ConsentField(required=False)
    may_be_seen = ConsentField(required=False)
    may_be_released = ConsentField(required=False)

    def consent(self) -> consent.Consent:
        return consent.given(
            may_be_seen=self.cleaned_data["may_be_seen"],
            may_be_released=self.cleaned_data["may_be_released"],
        )


class ConsentsForm(FreeConsentsForm):
    """All four: two of them nobody gives a face without. `agree` is a yes to both, for
    pages that ask for them in one."""

    REQUIRED = {
        "adult": _(
            "We can only take faces of adults, given by themselves or with their"
            " permission."
        ),
        "keep": _("Without this we may not keep the face."),
    }
    adult = ConsentField(required=False)
    keep = ConsentField(required=False)

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        for name, sentence in self.REQUIRED.items():
            by_both = said.get("agree") and name not in self.data
            if not said.get(name) and not by_both and name not in self.errors:
                self.add_error(name, forms.ValidationError(sentence, code="required"))
        return said


class CropForm(forms.Form):
    """The square of a face, as base64."""

    crop = forms.CharField(max_length=MOST_BASE64, widget=forms.HiddenInput)

    def clean_crop(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["crop"], validate=True)
        except (binascii.Error, ValueError):
            raise forms.ValidationError(
                _("The face did not arrive whole. Nothing was kept; please try again.")
            ) from None


class FaceForm(CropForm):
    """A face that was found a moment ago; it comes back from the browser."""

    token = forms.CharField(max_length=4000, widget=forms.HiddenInput)
    emotion = forms.ChoiceField(
        choices=Emotion.choices,
        required=False,
        error_messages={"invalid_choice": _("Please choose one of the seven.")},
    )


class DeviceAnswerForm(forms.Form):
    """What somebody sees in a face that only his own device has looked at."""

    model = forms.RegexField(r"^[0-9a-f]{64}$")  # SHA-256 of the file that answered
    guess = forms.ChoiceField(choices=Emotion.choices)
    emotion = forms.CharField(required=False)


class UnseenGiveForm(ConsentsForm, CropForm):
    """A face that only the giver's own device has looked at, and so without a token."""

    emotion = forms.ChoiceField(
        choices=Emotion.choices,
        error_messages={
            "required": _("Please say which expression this face shows."),
            "invalid_choice": _("Please choose one of the seven."),
        },
    )


class GiveForm(UnseenGiveForm, FaceForm):
    """The same of a face that the site has looked at."""
