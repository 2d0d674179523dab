"""Gradio's Blocks, made safe for strangers' pictures."""

import asyncio
import logging
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.block_function import BlockFunction
from gradio.exceptions import InvalidPathError
from gradio.state_holder import SessionState
from gradio_client import utils as client_utils
from pydantic import ValidationError

from demo.web.monitor import where_raised

_log = logging.getLogger(__name__)


NOT_UPLOADED = "Only pictures that were uploaded here can be read."

# An answer that nobody fetches is forgotten after this many seconds.
_KEPT = 60


class Refusal(gr.Error):
    """A call is refused; the message is a sentence for the caller."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, print_exception=False)


class PrivateBlocks(gr.Blocks):
    """Blocks that read only a visitor's own upload and keep nothing of a visit.

    Gradio 6.31 is unsafe here in several ways:

    - Callers can name any file of the server. A mounted page checks no paths until `has_launched` is
      set, and even then `gradio.Image` accepts a path without its "meta" unchecked.
    - If a path is an address, Gradio fetches it.
    - Gradio keeps the last value of every component for each of ten thousand visitors, for "deep
      links" that this page does not offer. Here these values are people's pictures.
    - Gradio keeps the paths of all uploads, with their files' names, and every answer that nobody
      fetched.
    - Gradio prints the message of every error, which may name a visitor's file.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.upload_file_set = _Nothing()
        self.temp_file_sets = [self.upload_file_set]

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*arguments, **named)
        except Refusal:
            raise
        except Exception as error:
            _log.error("A call of the page failed. %s", where_raised(error))
            raise gr.Error(
                "This did not work. Send the picture again.", print_exception=False
            ) from None

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        client_utils.traverse(inputs, _refuse_addresses, client_utils.is_file_obj)
        try:
            processing_utils.check_all_files_in_cache(inputs)
            processed = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except (gr.Error, InvalidPathError):
            raise Refusal(NOT_UPLOADED) from None
        except ValidationError:
            raise Refusal('Send a file: handle_file("photo.jpg") of gradio_client.') from None
        _forget(block_fn.inputs, state)
        return processed

    async def postprocess_data(
        self,
        block_fn: BlockFunction,
        predictions: list[Any] | dict[Any, Any],
        state: SessionState | None,
    ) -> list[Any]:
        output = await super().postprocess_data(block_fn, predictions, state)
        _forget(block_fn.outputs, state)
        return output

    def get_config_file(self) -> Any:
        config = super().get_config_file()
        for component in config["components"]:
            # These files on Gradio's sites are for documentation that this page does not have.
            component.pop("example_inputs", None)
        return config

    def forget_unfetched(self, session: str | None) -> None:
        """Forgets, in a minute, the messages to a session that nobody has fetched by then."""
        asyncio.get_running_loop().call_later(_KEPT, self._drop_messages, session)

    def _drop_messages(self, session: str | None) -> None:
        # A client that listens fetches each message at once, so nobody wants the rest.
        messages = self._queue.pending_messages_per_session.get(session)
        while messages is not None and not messages.empty():
            messages.get_nowait()


class _Nothing(set[Any]):
    """A set that stays empty."""

    def update(self, *_: Any) -> None:
        pass

    def add(self, _: Any) -> None:
        pass


def _refuse_addresses(file: dict[str, Any]) -> None:
    if client_utils.is_http_url_like(file["path"]):
        raise Refusal(NOT_UPLOADED)


def _forget(components: Any, state: SessionState | None) -> None:
    if state is None:
        return
    for component in components:
        if not component.stateful:
            state._update_value_in_config(component._id, None)
