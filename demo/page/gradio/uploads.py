"""Gradio's uploads: each in a folder of its own."""

import secrets
from typing import Any

from gradio import route_utils


class _OwnFolder(route_utils.GradioUploadFile):
    """An uploaded file, whose folder Gradio names after `sha` when it has come.

    Gradio names it after the content alone: the same picture, sent twice at once, would be one file,
    which goes when the first of both is answered.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.sha.update(secrets.token_bytes(32))


def keep_uploads_apart() -> None:
    """Has Gradio put each upload into a folder that nobody can guess, even who has the picture."""
    route_utils.GradioUploadFile = _OwnFolder
