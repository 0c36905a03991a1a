"""What a person may ask of us: to see and take away what we hold, and to know why. Derived, never listed."""
