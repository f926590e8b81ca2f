"""Asks many clusters at once, and puts their answers together."""
