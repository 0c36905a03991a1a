"""Plots for this room's templates."""
