"""What a trainer may ask of a run; every field but the preset may stay as it is."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labeling.models import TrainingRun
from labeling.training import run_options, run_progress
from ml.config import GATE_POLICIES
from webapp.presenters import formats
from webapp.presenters.exam_report import POLICIES

# As in TrainingRun.Preset, in two parts for the page.
PRESETS = {
    TrainingRun.Preset.FINETUNE: (
        _("Fine-tune"),
        _("from the current model; the usual way"),
    ),
    TrainingRun.Preset.QUICK: (
        _("Quick"),
        _("from the current model, with a few thousand faces"),
    ),
    TrainingRun.Preset.FULL: (_("Full"), _("from scratch, with all faces")),
}
STARTS = {
    "champion": _("The current model"),
    "scratch": _("Nothing (from scratch)"),
}
# One word each on those of ml/config.py.
NETWORKS = {
    "vgg-lean": _("that of the model that came with Mien"),
    "vgg-wide": _("larger, slow"),
    "vgg-mid": _("a little larger"),
    "vgg-small": _("a little smaller"),
    "vgg-quick": _("small and fast"),
    "vgg-tiny": _("the smallest, for trials"),
    "resnet-lean": _("deeper, with skips"),
    "resnet-small": _("for comparison: a small ResNet"),
    "relu-cnn": _("for comparison: a plain network"),
    "elu-cnn": _("for comparison: a plain network, other units"),
    "mini-xception": _("for comparison: very light"),
    "mobilenetv2-96": _("for comparison: made for phones"),
    "mobilenetv2-160": _("for comparison: made for phones, larger pictures"),
    "mobilenetv2-224": _("for comparison: made for phones, the largest pictures"),
    "efficientnet-b0": _("for comparison: large pictures"),
}


class WeightField(forms.FloatField):
    def to_python(self, value: Any) -> Any:
        """JSON has whole numbers that no float can hold."""
        try:
            return super().to_python(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"]) from None


class StartForm(forms.Form):
    LEAST_WEIGHT = 0.1
    MOST_EPOCHS = 500

    preset = forms.ChoiceField(
        choices=TrainingRun.Preset.choices, initial=TrainingRun.Preset.FINETUNE
    )
    start = forms.ChoiceField(
        label=_("Start from"),
        required=False,
        choices=[
            ("", _("As usual")),
            *((start, STARTS[start]) for start in run_options.STARTS),
        ],
    )
    policy = forms.ChoiceField(
        label=_("Put it in use"),
        required=False,
        choices=[
            ("", _("As this site is set up")),
            *((policy, POLICIES[policy]) for policy in GATE_POLICIES),
        ],
    )
    weight = WeightField(
        label=_("How much a given face counts"),
        required=False,
        min_value=LEAST_WEIGHT,
        max_value=run_options.MOST_WEIGHT,
        help_text=_("A face of FER-2013 counts as 1."),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    network = forms.ChoiceField(
        label=_("Network"),
        required=False,
        choices=[
            ("", _("As usual")),
            *((n, format_lazy("{}: {}", n, what)) for n, what in NETWORKS.items()),
        ],
        help_text=_("With a network of your own choice a run starts from scratch."),
    )
    epochs = forms.IntegerField(
        label=_("Epochs"), required=False, min_value=1, max_value=MOST_EPOCHS
    )

    hosts = forms.IntegerField(
        label=_("Training hosts"),
        required=False,
        min_value=1,
        max_value=run_options.MOST_HOSTS,
        help_text=_("Several share the work of each step. The result is the same."),
    )

    def options(self) -> dict[str, object]:
        """Only what differs from the defaults."""
        names = ("start", "policy", "weight", "network", "epochs", "hosts")
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
                "time": formats.rough(run_progress.estimate(preset.value)),
            }
            for preset, (name, what) in PRESETS.items()
        ]

    def schedule(self) -> str:
        if not settings.RETRAIN_AT:
            return gettext("never")
        return gettext(
            "at %(time)s, if %(n)s new faces were accepted or one taken back"
        ) % {
            "time": settings.RETRAIN_AT,
            "n": settings.RETRAIN_MIN_FACES,
        }
