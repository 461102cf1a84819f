"""The experiment with colluders: its ways to write a batch agree, and its table."""

import json
import random

import pytest

from labeling.models import Contribution, User, Vote
from labeling.voting import votes
from ml.vision import decode
from tests.experiments import collude, collusion_report, crowds, rows_at_once
from tests.experiments.colluders import RINGS
from tests.experiments.crowds import World
from tests.experiments.held_out_rows import Stock
from tests.experiments.play_world import without_searches
from tests.support.factories import make_contribution, make_face_jpeg, make_votes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def outcomes() -> list[tuple]:
    return sorted(
        (
            face.emotion,
            face.status,
            face.decided_emotion,
            face.vote_count,
            round(face.agreement, 3),
            face.giver.username,
            tuple(sorted((v.voter.username, v.choice) for v in face.votes.all())),
        )
        for face in Contribution.objects.select_related("giver")
    )


def test_rows_written_at_once_are_those_that_the_doors_leave(monkeypatch):
    monkeypatch.setattr(votes, "GOLD_SHARE", 0)
    drawn = [decode.decode(make_face_jpeg(n, side=48))[..., 0] for n in range(12)]
    stock = Stock(drawn, ["sad", "fear", "happy"] * 4)
    world = World(poison="group", share=0.4)
    left = []
    for door in (crowds, rows_at_once):
        crowd, dice = crowds.gather(world), random.Random(3)
        with without_searches():
            door.give_and_decide(world, stock, crowd, list(range(12)), dice)
        left.append(outcomes())
        Contribution.objects.all().delete()
        for user in [*crowd.honest, *crowd.liars, *crowd.voters, *crowd.lying_voters]:
            user.delete()
        crowd.reviewer.delete()
    assert left[0] == left[1]
    assert len(left[0]) == 12


def test_a_world_is_played_told_and_checked(tmp_path, capsys):
    world = World(poison="erased", share=0.4, faces=40, batches=2)
    stock = Stock([], ["sad", "fear", "happy", "angry"] * 20)
    found = collude.play(world, stock, rows_at_once.give_and_decide)
    last = found["steps"][-1]
    assert last["defended"]["lies"] < last["undefended"]["lies"]
    assert len(found["faces"]) == 80
    assert len(found["faces"][0]["votes"]) == 3
    (tmp_path / "s1-erased40.json").write_text(json.dumps(found))
    assert "s1-erased40" in collusion_report.line(found)
    page = tmp_path / "page.md"
    page.write_text(f"Mine.\n{collusion_report.BEGIN}\n{collusion_report.END}\nToo.")
    collusion_report.write(tmp_path, page)
    assert RINGS["erased"].what in page.read_text()
    assert page.read_text().startswith("Mine.")
    for step in found["steps"]:
        step["defended"]["lies"] = 0.04 * step["defended"]["all"]
    found["world"]["poison"] = "group"
    (tmp_path / "s1-erased40.json").write_text(json.dumps(found))
    assert collusion_report.check(tmp_path) == 1
    assert "lies have 4.00%" in capsys.readouterr().out


def test_whoever_leaves_is_followed_by_somebody_new(tmp_path):
    world = World(leaving=3, faces=20, batches=2)
    found = collude.play(
        world, Stock([], ["sad", "happy"] * 20), rows_at_once.give_and_decide
    )
    assert User.objects.filter(username__startswith="voter").count() == 15
    assert User.objects.filter(username="voter0-1").exists()
    assert Vote.objects.filter(voter_left=True).exists()
    (tmp_path / "s1-leaving3.json").write_text(json.dumps(found))
    assert "a fifth of the voters leave" in collusion_report.table(tmp_path)


def test_what_a_rings_voters_make_of_honest_faces_are_lies_too():
    world = World(poison="framing", share=0.4)
    crowd = crowds.gather(world)
    voters = [*crowd.lying_voters[:2], crowd.voters[0]]
    face = make_contribution(giver=crowd.honest[0], status="accepted", emotion="sad")
    Contribution.objects.update(decided_emotion="fear")
    crowd.labels[face.pk] = "sad"
    make_votes(face, "fear", voters[2:])
    assert crowds.in_force(crowd) == set()
    make_votes(face, "fear", voters[:2])
    assert crowds.in_force(crowd) == {face.pk}


def test_every_ring_lies_and_is_backed():
    dice = random.Random(1)
    crowd = crowds.gather(World(poison="group", share=0.4))
    face = (crowd.liars[0], "disgust", "happy")
    for kind, ring in RINGS.items():
        said = {ring.says("happy", batch, dice) for batch in (0, 1) for _ in range(50)}
        assert said - {"happy"}, kind
        heard = [
            crowds.accomplice(World(poison=kind), crowd, face, voter, "happy", dice)
            for voter in crowd.lying_voters * 5
        ]
        assert "disgust" in heard, kind
