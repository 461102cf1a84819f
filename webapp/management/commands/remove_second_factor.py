from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling import accounts
from labeling.models import User


class Command(BaseCommand):
    help = (
        "Take off an account's second factor, for who lost it and the recovery codes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the account's address")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"No account has the address {email}.")
        if not accounts.remove_second_factors(user, by=None):
            raise CommandError(f"{user.email} has no second factor.")
        self.stdout.write(f"{user.email} signs in with the password alone from now on.")
