from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from labeling import audit
from labeling.models import User


class Command(BaseCommand):
    help = "Print a link that works once, with which somebody sets a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the account's address")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise CommandError(f"No account that is open has the address {email}.")
        path = reverse(
            "account_reset_password_from_key",
            args=[user_pk_to_url_str(user), default_token_generator.make_token(user)],
        )
        with transaction.atomic():
            audit.record(audit.Act.PASSWORD_LINK_MADE, subject=user)
        days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
        self.stdout.write(
            f"{settings.SITE_URL}{path}\n"
            f"(works once, within {days} days, and until the password changes; whoever "
            f"has it can take over {user.email}, so send it to nobody else.)"
        )
