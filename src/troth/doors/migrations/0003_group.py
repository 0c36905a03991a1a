from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("doors", "0002_one_address"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="group",
            field=models.UUIDField(db_index=True, null=True),
        ),
    ]
