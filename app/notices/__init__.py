"""Notices: what people have to know, brought to them in the console, by mail and by text message."""
