"""The generated documents in the repository are those that the code says."""

from deploy.export import documents, path_of


def test_the_generated_documents_are_fresh() -> None:
    for name, text in documents().items():
        assert path_of(name).read_text() == text, f"{name} is old: run `make contracts`"
