"""Writes reports: from data to HTML, PDF, Markdown and JSON, in a process of its own."""
