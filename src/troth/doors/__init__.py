"""The six doors: collect, use, contact, disclose, publish, keep. Nothing else touches what is held."""
