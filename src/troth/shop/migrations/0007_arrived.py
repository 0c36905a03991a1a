from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def as_before(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Orders that had come before their day was noted keep the days they had: counted from ten after the order."""
    orders = apps.get_model("shop", "Order").objects.using(schema_editor.connection.alias)
    orders.filter(state="delivered").update(arrived_at=F("seen_at") + timedelta(days=10))


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0006_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="arrived_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(as_before, migrations.RunPython.noop, hints={"model_name": "order"}),
    ]
