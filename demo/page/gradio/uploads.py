"""Puts each of Gradio's uploads into its own folder."""

import secrets
from typing import Any

from gradio import route_utils


class _OwnFolder(route_utils.GradioUploadFile):
    """An uploaded file; Gradio names its folder after `sha` once the upload is complete.

    Gradio's own `sha` depends on the content alone. If two visitors sent the same picture at once, they
    would share one file, and the first answer would delete it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.sha.update(secrets.token_bytes(32))


def keep_uploads_apart() -> None:
    """Makes Gradio put each upload into a folder that nobody can guess, even with the same picture."""
    route_utils.GradioUploadFile = _OwnFolder
