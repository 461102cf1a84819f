"""Making an account, without telling who has one."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from labeling import accounts, controller
from labeling.models import User
from webapp.forms.contribute import CheckboxOrTruth, ConsentField


class Checkbox(CheckboxOrTruth, forms.CheckboxInput):  # type: ignore[misc]
    """As a box on a page; what it says is not guessed either."""


class SignUpForm(SignupForm):
    """With a mail server allauth gives a known address the answer of a new one, and
    tells its owner by mail. Its password is hashed, too, or the time would tell.

    A site that others reach asks whether one is old enough, and keeps the yes alone.
    """

    field_order = ("email", "password1", "of_age")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stated := controller.stated():
            self.fields["of_age"] = ConsentField(
                widget=Checkbox,
                label=_("I am %(age)s or older") % {"age": stated.minimum_age},
                error_messages={
                    "required": _("This site is for people who are old enough.")
                },
            )

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        user, _response = saved
        if user and self.cleaned_data.get("of_age"):
            accounts.say_of_age(user)
        return saved
