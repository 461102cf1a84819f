"""A given face as a picture, for whoever may see it."""

from uuid import UUID

from django.db.models import Q

from labeling.models import Contribution, Crop, User


def of(pk: UUID, *, seen_by: User) -> bytes | None:
    """A JPEG, for whoever gave it and for reviewers; to everyone else it does not
    exist."""
    may_see = Q(contribution__giver=seen_by)
    if seen_by.is_reviewer:
        may_see |= ~Q(contribution__status=Contribution.Status.IN_DOUBT)
    crops = Crop.objects.filter(may_see, pk=pk)
    found = crops.values_list("jpeg", flat=True).first()
    return None if found is None else bytes(found)
