"""HTTP for other systems: small JSON, no tables, no rules. Published as OpenAPI at /api/openapi.json."""
