"""Answers by fixed rules where no model answers: by what a question is about, from tools."""

from services.chat.analyst.deciding import next_said

__all__ = ["next_said"]
