"""The one door to SQLite and PostgreSQL: connections, transactions, migrations."""
