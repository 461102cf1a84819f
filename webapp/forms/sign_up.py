"""Making an account, without telling who has one."""

from allauth.account.forms import SignupForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse

from labeling.models import User


class SignUpForm(SignupForm):  # type: ignore[misc]
    """With a mail server allauth gives a known address the answer of a new one, and
    tells its owner by mail. Its password is hashed, too, or the time would tell."""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved
