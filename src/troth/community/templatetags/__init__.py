"""Words for pages that show what people say."""
