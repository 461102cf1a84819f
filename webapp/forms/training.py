"""What a trainer may ask of a run; every field but the preset may stay as it is."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from labeling.models import TrainingRun
from labeling.training import run_options, training_runs
from ml.config import GATE_POLICIES
from webapp.presenters import formats

# As in TrainingRun.Preset, in two parts for the page.
PRESETS = {
    TrainingRun.Preset.FINETUNE: (
        _("Fine-tune"),
        _("from the champion; the usual way"),
    ),
    TrainingRun.Preset.QUICK: (_("Quick"), _("a few thousand faces, to see it work")),
    TrainingRun.Preset.FULL: (_("Full"), _("from scratch, the whole recipe")),
}
STARTS = {
    "champion": _("Warm, from the champion"),
    "scratch": _("From scratch"),
}
POLICIES = {
    "improves": _("Promote if better and nothing suffers"),
    "significant": _("Promote only if significantly better"),
}


class WeightField(forms.FloatField):
    def to_python(self, value: Any) -> Any:
        """JSON has whole numbers that no float can hold."""
        try:
            return super().to_python(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"]) from None


class StartForm(forms.Form):
    preset = forms.ChoiceField(
        choices=TrainingRun.Preset.choices, initial=TrainingRun.Preset.FINETUNE
    )
    start = forms.ChoiceField(
        label=_("Start"),
        required=False,
        choices=[
            ("", _("As the preset has it")),
            *((start, STARTS[start]) for start in run_options.STARTS),
        ],
    )
    policy = forms.ChoiceField(
        label=_("Promotion"),
        required=False,
        choices=[
            ("", _("As the settings have it")),
            *((policy, POLICIES[policy]) for policy in GATE_POLICIES),
        ],
    )
    weight = WeightField(
        label=_("Weight of a contribution"),
        required=False,
        min_value=0.1,
        max_value=run_options.MOST_WEIGHT,
        help_text=_("Against 1 for a face of FER-2013."),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    network = forms.CharField(
        label=_("Network"),
        required=False,
        max_length=40,
        help_text=_("A name that ml/training/networks.py knows; only from scratch."),
    )
    epochs = forms.IntegerField(
        label=_("Epochs"), required=False, min_value=1, max_value=500
    )

    def options(self) -> dict[str, object]:
        """Only what differs from the defaults."""
        names = ("start", "policy", "weight", "network", "epochs")
        said = {name: self.cleaned_data[name] for name in names}
        return {name: value for name, value in said.items() if value not in ("", None)}

    @property
    def choices(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name != "preset"]

    @property
    def has_fer2013(self) -> bool:
        return bool(settings.FER2013 and settings.FER2013.exists())

    def presets(self) -> list[dict[str, object]]:
        return [
            {
                "value": preset.value,
                "name": name,
                "what": what,
                "time": formats.rough(training_runs.estimate(preset.value)),
            }
            for preset, (name, what) in PRESETS.items()
        ]

    def schedule(self) -> str:
        if not settings.RETRAIN_AT:
            return _now("never")
        return _now("at %(time)s, from %(n)s new faces or withdrawals") % {
            "time": settings.RETRAIN_AT,
            "n": settings.RETRAIN_MIN_FACES,
        }
