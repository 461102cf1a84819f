import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from labeling import accounts
from labeling.models import User
from webapp.config import env


class Command(BaseCommand):
    help = "Make the first admin, from MIEN_ADMIN_EMAIL and _PASSWORD or generated."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        email = env.text("MIEN_ADMIN_EMAIL", "admin@example.com").lower()
        given = env.text("MIEN_ADMIN_PASSWORD")
        password = given or secrets.token_urlsafe(12)
        admin = User(username=email, email=email)
        try:
            validate_email(email)
            validate_password(password, admin)
        except ValidationError as why:
            raise CommandError(
                f"The first admin cannot be made: {' '.join(why.messages)}"
            ) from why
        if User.objects.filter(email=email).exists():
            raise CommandError(
                f"{email} has an account already, without admin rights: set another "
                "MIEN_ADMIN_EMAIL."
            )
        admin.set_password(password)
        admin.save()
        rights = {"active", "staff", "admin", "reviewer", "trainer"}
        accounts.change_rights(admin, rights, by=None)
        EmailAddress.objects.create(
            user=admin, email=email, verified=True, primary=True
        )
        if given:
            self.stdout.write(f"The first admin is {email}.")
            return
        self.stdout.write(
            f"The first admin is {email} with the password {password}\n"
            "(shown only now; change it under Account)."
        )
