"""A migration's step that takes an index off a column and leaves the table alone."""

from __future__ import annotations

from typing import Any

from django.db import migrations


class Unindexed(migrations.AlterField):
    """As Django's step, for a field that only loses its index: on SQLite Django would write the whole table anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ANN401, ARG002 -- Django's signature
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        column, table = model._meta.get_field(self.name).column, model._meta.db_table
        connection, quote = schema_editor.connection, schema_editor.quote_name
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        for name, told in found.items():
            if told["columns"] == [column] and told["index"] and not told["unique"]:
                schema_editor.execute(f"DROP INDEX {quote(name)}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ANN401 -- Django's signature
        super().database_forwards(app_label, schema_editor, from_state, to_state)
