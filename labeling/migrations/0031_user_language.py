import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0029_votes_of_who_left'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='auditentry',
            options={'ordering': ['-at', 'pk'], 'verbose_name': 'entry of the audit log', 'verbose_name_plural': 'entries of the audit log'},
        ),
        migrations.AlterModelOptions(
            name='exam',
            options={'verbose_name': 'exam', 'verbose_name_plural': 'exams'},
        ),
        migrations.AlterModelOptions(
            name='promotion',
            options={'ordering': ['-pk'], 'verbose_name': 'promotion', 'verbose_name_plural': 'promotions'},
        ),
        migrations.AlterModelOptions(
            name='snapshot',
            options={'verbose_name': 'snapshot', 'verbose_name_plural': 'snapshots'},
        ),
        migrations.AlterModelOptions(
            name='vote',
            options={'verbose_name': 'vote', 'verbose_name_plural': 'votes'},
        ),
        migrations.AlterModelOptions(
            name='withdrawal',
            options={'ordering': ['withdrawn_at', 'pk'], 'verbose_name': 'withdrawal', 'verbose_name_plural': 'withdrawals'},
        ),
        migrations.AddField(
            model_name='user',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='Chosen on a page, and spoken on all; empty: as the browser asks.', max_length=10, verbose_name='language'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('rights', 'rights changed'), ('password', 'password set for somebody'), ('password_link', 'password link made for somebody'), ('second_factor', 'second factor removed'), ('address', 'address confirmed for somebody'), ('token', "somebody's API token revoked"), ('account', "somebody's account deleted"), ('handed_out', 'data handed out to whom they are about'), ('withdrawal', 'face withdrawn for its giver'), ('removed', 'reported face removed'), ('cleared', 'reported face shown again'), ('import', 'faces imported'), ('run', 'retraining started'), ('cancel', 'retraining cancelled'), ('suspect', 'cleared of being in a ring'), ('rows', 'rows of a version downloaded'), ('release', 'dataset released'), ('backup', 'backup made'), ('restore', 'backup restored'), ('webhook', 'webhook changed'), ('limits', 'started with other limits')], max_length=20, verbose_name='act'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='by_key',
            field=models.UUIDField(help_text="The account's key. Nobody: a command at the shell, or the site.", null=True, verbose_name='by key'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='details',
            field=models.JSONField(default=dict, verbose_name='details'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='subject',
            field=models.CharField(blank=True, help_text='What kind of thing, and which.', max_length=80, verbose_name='subject'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='consent_basis',
            field=models.TextField(blank=True, help_text='For imports: why we may.', verbose_name='consent basis'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='consent_language',
            field=models.CharField(max_length=10, verbose_name='consent language'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='consent_version',
            field=models.CharField(max_length=20, verbose_name='consent version'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='digest',
            field=models.BinaryField(help_text='HMAC-SHA256 of the crop.', max_length=32, verbose_name='digest'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='digest_key',
            field=models.BinaryField(max_length=32, verbose_name='digest key'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='giver',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='gifts', to=settings.AUTH_USER_MODEL, verbose_name='giver'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='priority',
            field=models.FloatField(db_default=0, default=0, verbose_name='priority'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='source',
            field=models.CharField(choices=[('site', 'the site'), ('api', 'the API'), ('import', 'an import')], default='site', max_length=10, verbose_name='source'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='status',
            field=models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], db_default='waiting', default='waiting', max_length=10, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='withdrawal_hash',
            field=models.CharField(blank=True, max_length=64, null=True, unique=True, verbose_name='withdrawal hash'),
        ),
        migrations.AlterField(
            model_name='erasure',
            name='erased_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='erased at'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='challenger',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exams', to='labeling.modelversion', verbose_name='challenger'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='champion',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='labeling.modelversion', verbose_name='champion'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='exam_hash',
            field=models.CharField(db_index=True, help_text='Of its faces.', max_length=64, verbose_name='exam hash'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='outcome',
            field=models.CharField(choices=[('promoted', 'put in use'), ('kept', 'not put in use'), ('rejected', 'failed a check')], max_length=10, verbose_name='outcome'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='policy',
            field=models.CharField(max_length=20, verbose_name='policy'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='report',
            field=models.JSONField(verbose_name='report'),
        ),
        migrations.AlterField(
            model_name='exam',
            name='run',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='exam', to='labeling.trainingrun', verbose_name='run'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='card',
            field=models.JSONField(help_text='card.json of the artefact.', verbose_name='card'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='contaminated_at',
            field=models.DateTimeField(blank=True, help_text='A face it, or an ancestor, saw was withdrawn.', null=True, verbose_name='contaminated at'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='name',
            field=models.CharField(max_length=40, unique=True, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='origin',
            field=models.CharField(choices=[('shipped', 'came with Mien'), ('trained', 'trained here')], max_length=10, verbose_name='origin'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='parent',
            field=models.ForeignKey(blank=True, help_text='The version it was warm-started from: it saw what that one saw.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='labeling.modelversion', verbose_name='parent'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='private_test',
            field=models.JSONField(blank=True, help_text='PrivateTest, measured once after the decision.', null=True, verbose_name='private test'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='run',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='version', to='labeling.trainingrun', verbose_name='run'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='former',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='labeling.modelversion', verbose_name='former'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='kind',
            field=models.CharField(choices=[('first', 'the first model'), ('exam', 'passed the exam'), ('override', 'put in use by a person'), ('roll_back', 'gone back to')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='reason',
            field=models.TextField(blank=True, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promotions', to='labeling.modelversion', verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='review',
            name='by',
            field=models.ForeignKey(blank=True, help_text='Nobody: agreed votes decided, or the account is gone.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reviews', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='review',
            name='from_status',
            field=models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], max_length=10, verbose_name='from status'),
        ),
        migrations.AlterField(
            model_name='review',
            name='is_own_gift',
            field=models.BooleanField(db_default=False, default=False, help_text='There was no other reviewer to decide about it.', verbose_name='is own gift'),
        ),
        migrations.AlterField(
            model_name='review',
            name='note',
            field=models.TextField(blank=True, verbose_name='note'),
        ),
        migrations.AlterField(
            model_name='review',
            name='reason',
            field=models.CharField(blank=True, choices=[('not_a_face', 'not a face'), ('not_clear', 'expression not clear'), ('poor_picture', 'poor picture'), ('inappropriate', 'not appropriate'), ('no_consent', 'doubtful consent'), ('duplicate', 'duplicate'), ('test_face', 'a copy of a test picture')], max_length=20, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='review',
            name='to_status',
            field=models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], max_length=10, verbose_name='to status'),
        ),
        migrations.AlterField(
            model_name='review',
            name='undoes',
            field=models.OneToOneField(blank=True, help_text='Unique: a decision is undone once.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone_by', to='labeling.review', verbose_name='undoes'),
        ),
        migrations.AlterField(
            model_name='snapshot',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='snapshot',
            name='hash',
            field=models.CharField(db_index=True, max_length=64, verbose_name='hash'),
        ),
        migrations.AlterField(
            model_name='snapshot',
            name='manifest',
            field=models.JSONField(help_text='Sources, cleaning switches and counts.', verbose_name='manifest'),
        ),
        migrations.AlterField(
            model_name='snapshot',
            name='run',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='snapshot', to='labeling.trainingrun', verbose_name='run'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='attempt',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='attempt'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='cancel_asked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='cancel asked at'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='finished_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='finished at'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='heartbeat_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='heartbeat at'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='log',
            field=models.TextField(blank=True, verbose_name='log'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='losses',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often a worker was lost while at it.', verbose_name='losses'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='message',
            field=models.TextField(blank=True, help_text='What is being done, or went wrong.', verbose_name='message'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='options',
            field=models.JSONField(blank=True, default=dict, help_text='Knobs of ml/config.py that differ.', verbose_name='options'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='parent',
            field=models.ForeignKey(blank=True, help_text='The version it was warm-started from.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='labeling.modelversion', verbose_name='parent'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='preset',
            field=models.CharField(choices=[('quick', 'Quick: from the current model, a few thousand faces'), ('finetune', 'Fine-tune: from the current model'), ('full', 'Full: from scratch')], default='finetune', max_length=10, verbose_name='preset'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='progress',
            field=models.FloatField(db_default=0, default=0, help_text='0 to 1.', verbose_name='progress'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='requested_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='seconds_left',
            field=models.FloatField(blank=True, null=True, verbose_name='seconds left'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='started_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='started at'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='status',
            field=models.CharField(choices=[('queued', 'waiting for a worker'), ('snapshot', 'collecting faces'), ('training', 'training'), ('examining', 'in the exam'), ('done', 'finished'), ('failed', 'failed'), ('cancelled', 'cancelled')], db_default='queued', default='queued', max_length=10, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='trigger',
            field=models.CharField(choices=[('person', 'a person'), ('schedule', 'the schedule'), ('api', 'the API'), ('command', 'the command line')], default='person', max_length=10, verbose_name='trigger'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(max_length=254, unique=True, verbose_name='Email address'),
        ),
        migrations.AlterField(
            model_name='user',
            name='key',
            field=models.UUIDField(default=uuid.uuid4, editable=False, help_text='Names the account where a restore could reuse its number.', unique=True, verbose_name='key'),
        ),
        migrations.AlterField(
            model_name='user',
            name='split',
            field=models.CharField(blank=True, choices=[('train', 'Train'), ('exam', 'Exam'), ('neither', 'Neither')], editable=False, help_text="Fixed at the first gift: do this giver's faces train or examine?", max_length=10, verbose_name='split'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='choice',
            field=models.CharField(choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral'), ('not_clear', 'not clear'), ('not_a_face', 'not a face, or not appropriate')], max_length=10, verbose_name='choice'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='device_hash',
            field=models.CharField(blank=True, max_length=64, null=True, verbose_name='device hash'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='gold_answer',
            field=models.CharField(blank=True, choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], help_text='For a face whose answer was known then: a test of the voter.', max_length=10, verbose_name='gold answer'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='network_hash',
            field=models.CharField(blank=True, help_text='Of network and face together: it ties no two faces to each other.', max_length=64, null=True, verbose_name='network hash'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='place',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Which of the votes that a face wants; none for a test of the voter.', null=True, verbose_name='place'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='voter',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='votes', to=settings.AUTH_USER_MODEL, verbose_name='voter'),
        ),
        migrations.AlterField(
            model_name='webhook',
            name='busy_until',
            field=models.DateTimeField(help_text='The lease of the worker that is calling it.', null=True, verbose_name='busy until'),
        ),
        migrations.AlterField(
            model_name='webhook',
            name='former_salt',
            field=models.BinaryField(max_length=24, null=True, verbose_name='former salt'),
        ),
        migrations.AlterField(
            model_name='webhook',
            name='former_until',
            field=models.DateTimeField(help_text='Until then the secret before this one signs as well.', null=True, verbose_name='former until'),
        ),
        migrations.AlterField(
            model_name='webhook',
            name='salt',
            field=models.BinaryField(max_length=24, verbose_name='salt'),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='body',
            field=models.TextField(help_text='As it is sent: each attempt signs the same.', verbose_name='body'),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='face',
            field=models.UUIDField(db_index=True, help_text='The delivery goes when this face does.', null=True, verbose_name='face'),
        ),
        migrations.AlterField(
            model_name='withdrawal',
            name='was_released',
            field=models.BooleanField(db_default=False, default=False, help_text='It stood in a dataset release: those who took it must drop it.', verbose_name='was released'),
        ),
        migrations.AlterField(
            model_name='withdrawal',
            name='withdrawn_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='withdrawn at'),
        ),
    ]
