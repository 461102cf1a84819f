from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

MOST_PHOTOS = 20


class PhotosInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """One photo or several; what is in them is found out when they are opened."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data or [None]
        if len(files) > MOST_PHOTOS:
            raise forms.ValidationError(
                _("That is more than %(most)d photos. Please send them in parts."),
                params={"most": MOST_PHOTOS},
            )
        return [super(PhotosField, self).clean(file, initial) for file in files]


class DetectForm(forms.Form):
    photo = PhotosField(
        allow_empty_file=True,  # told apart, with its own sentence, when it is opened
        error_messages={
            "required": _("No photo arrived. Choose one, or drop it here.")
        },
    )
