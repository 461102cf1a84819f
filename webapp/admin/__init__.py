"""Django's admin, for looking and searching. What changes anything calls the same verbs
as the pages; rows are never edited here. Importing a module registers its models."""

from webapp.admin import accounts, records, webhooks  # noqa: F401
