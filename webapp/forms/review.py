"""Which faces a reviewer wants to see, and what he says of one."""

from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.emotions import Emotion
from labeling.models import Contribution, Review
from labeling.models.contribution import ContributionQuerySet

ACTS = (  # on the face that waits
    Review.Act.ACCEPT,
    Review.Act.RELABEL,
    Review.Act.REJECT,
    Review.Act.SCREEN,
)


class FilterForm(forms.Form):
    """Everything is optional; what makes no sense is left out."""

    emotion = forms.ChoiceField(
        label=_("Given as"),
        required=False,
        choices=[("", _("any expression")), *Emotion.choices],
    )
    source = forms.ChoiceField(
        label=_("Source"),
        required=False,
        choices=[("", _("any source")), *Contribution.Source.choices],
    )
    show = forms.ChoiceField(
        label=_("Only"),
        required=False,
        choices=[
            ("", _("all waiting faces")),
            ("disputed", _("where model or voters disagree")),
            ("unscreened", _("not yet shown to voters")),
        ],
    )
    giver = forms.IntegerField(required=False, widget=forms.HiddenInput)
    cluster = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def faces(self) -> ContributionQuerySet:
        said = self.cleaned_data if self.is_valid() else {}
        faces = Contribution.objects.waiting()
        for name in ("emotion", "source", "giver", "cluster"):
            if said.get(name):
                faces = faces.filter(**{name: said[name]})
        if said.get("show") == "disputed":
            faces = faces.filter(priority__gte=1)
        if said.get("show") == "unscreened":
            faces = faces.filter(may_be_seen=True, screened_at=None)
        return faces

    @property
    def query(self) -> str:
        """The filters as they stand in the address, to go on with."""
        said = self.cleaned_data if self.is_valid() else {}
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def is_whole(self) -> bool:
        """All of one giver, or of one cluster of near-duplicates."""
        said = self.cleaned_data if self.is_valid() else {}
        return bool(said.get("giver") or said.get("cluster"))

    @property
    def is_narrow(self) -> bool:
        return bool(self.query)


class DecisionForm(forms.Form):
    act = forms.ChoiceField(choices=[(act.value, act.label) for act in ACTS])
    emotion = forms.ChoiceField(choices=Emotion.choices, required=False)
    reason = forms.ChoiceField(choices=Review.Reason.choices, required=False)
    note = forms.CharField(max_length=500, required=False)


class BulkForm(DecisionForm):
    """About many faces at once; giving each another expression takes a look at it."""

    act = forms.ChoiceField(
        choices=[
            (act.value, act.label)
            for act in (Review.Act.ACCEPT, Review.Act.REJECT, Review.Act.SCREEN)
        ]
    )
