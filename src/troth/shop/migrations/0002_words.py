"""The index a search reads: FTS5 on SQLite, where `search.reindex` fills it; on PostgreSQL one that keeps itself."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

INDEX = {
    "sqlite": "CREATE VIRTUAL TABLE shop_words USING fts5(words, tokenize = 'unicode61 remove_diacritics 0')",
    "postgresql": "CREATE INDEX shop_words ON shop_product USING gin (array_to_tsvector(string_to_array(words, ' ')))",
}
NO_INDEX = {"sqlite": "DROP TABLE shop_words", "postgresql": "DROP INDEX shop_words"}


def make(_: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.alias == "default":
        schema_editor.execute(INDEX[schema_editor.connection.vendor])


def unmake(_: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.alias == "default":
        schema_editor.execute(NO_INDEX[schema_editor.connection.vendor])


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(make, unmake)]
