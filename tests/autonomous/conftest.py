"""The running house of the API's tests, for the source document's list; a database for what is the same on both."""

from tests.api.conftest import api, folder, specialists

__all__ = ["api", "folder", "specialists"]
