"""What people say in public: reviews, comments and kind words; written, looked at, shown, taken back."""
