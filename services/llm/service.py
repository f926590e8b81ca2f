"""The service that all handlers about language models belong to."""

from services.runtime.service import Service

service = Service("llm")
