"""The one place that knows every room: settings, addresses, and the server that opens the door."""
