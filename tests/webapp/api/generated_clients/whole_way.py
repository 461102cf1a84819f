"""The whole way with the client that openapi-python-client made of the description:
look, give, find it again, take it back; train and cancel. Run by
`tests/webapp/api/test_generated_clients.py`, in an environment that has the client."""

import os
import sys
import uuid
from pathlib import Path

from mien_client import AuthenticatedClient
from mien_client.api.contributions import contribute, show_contribution, withdraw_one
from mien_client.api.detection import detect
from mien_client.api.models import list_models, show_model
from mien_client.api.trainings import cancel_training, start_training, training
from mien_client.models import DetectFilesBody, Emotion, Gift, TrainingRunPreset, Wish
from mien_client.types import File

client = AuthenticatedClient(os.environ["MIEN"], os.environ["MIEN_TOKEN"])

with Path(sys.argv[1]).open("rb") as file:
    photo = File(payload=file, file_name="face.jpg", mime_type="image/jpeg")
    seen = detect.sync(client=client, body=DetectFilesBody(photo=[photo]), crops=True)
face = seen.faces[0]
assert face.probabilities.happy >= 0

gift = Gift(
    crop=face.crop, token=face.token, emotion=Emotion.HAPPY, adult=True, keep=True
)
key = str(uuid.uuid4())
given = contribute.sync(client=client, body=gift, idempotency_key=key)
again = contribute.sync(client=client, body=gift, idempotency_key=key)
assert given == again
mine = show_contribution.sync(given.id, client=client)
assert mine.status == "waiting"
assert withdraw_one.sync(given.id, client=client).withdrawn == [given.id]
assert show_contribution.sync(given.id, client=client).error.code == "not_found"

name = list_models.sync(client=client).results[-1].name
assert show_model.sync(name, client=client).is_champion

wish = Wish(preset=TrainingRunPreset.QUICK)
run = start_training.sync(client=client, body=wish)
assert training.sync(run.id, client=client).status == "queued"
refused = start_training.sync(client=client, body=wish)
assert (refused.status, refused.error.code) == (409, "already_running")
assert cancel_training.sync(run.id, client=client).status == "cancelled"
print("whole way")
