"""How many votes a face takes, and one per network, are Postgres's to hold. Votes cast
before keep no place and no network."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0005_field_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='vote',
            name='network_hash',
            field=models.CharField(blank=True, help_text='Of network and face together: it ties no two faces to each other.', max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='vote',
            name='place',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Which of the votes that a face wants; none for a test of the voter.', null=True),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.UniqueConstraint(fields=('contribution', 'network_hash'), name='one_vote_per_network'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.UniqueConstraint(fields=('contribution', 'place'), name='no_more_votes_than_wanted'),
        ),
    ]
