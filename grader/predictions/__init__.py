"""Predictions: before students write anything, they say what a small program will do, and the engine's driver shows it."""
