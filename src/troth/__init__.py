"""Troth: the privacy policy is one file that customers read and the code obeys."""
