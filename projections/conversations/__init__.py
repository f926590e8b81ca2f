"""Chats: a row for each session; what was said in it is read from the log."""
