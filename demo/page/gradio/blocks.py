"""Gradio's Blocks without what is unfit for strangers' pictures."""

import logging
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState
from gradio_client import utils as client_utils

from demo.web.monitoring import where

_log = logging.getLogger(__name__)


class PrivateBlocks(gr.Blocks):
    """Blocks that read no file but a visitor's own upload, and keep nothing of a visit.

    Gradio 6.31 lets callers name any file of the server: a mounted page checks no paths until
    `has_launched` is set, and even then `gradio.Image` goes unchecked where a path comes without
    its "meta". A path that is an address it fetches from there. It keeps the last value of every
    component for each of ten thousand visitors, for the "deep links" that this page does not offer;
    here these values are people's pictures. And it prints the message of every error, which may
    name a visitor's file.
    """

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*arguments, **named)
        except Exception as error:
            _log.error("A call of the page failed. %s", where(error))
            raise gr.Error(
                "This did not work. Choose the picture again.", print_exception=False
            ) from None

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        client_utils.traverse(inputs, _refuse_addresses, client_utils.is_file_obj)
        processing_utils.check_all_files_in_cache(inputs)
        processed = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        _forget(block_fn.inputs, state)
        return processed

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: list | dict, state: SessionState | None
    ) -> list[Any]:
        output = await super().postprocess_data(block_fn, predictions, state)
        _forget(block_fn.outputs, state)
        return output


def _refuse_addresses(file: dict[str, Any]) -> None:
    if client_utils.is_http_url_like(file["path"]):
        raise ValueError("Only pictures that were uploaded here are read.")


def _forget(components: Any, state: SessionState | None) -> None:
    if state is None:
        return
    for component in components:
        if not component.stateful:
            state._update_value_in_config(component._id, None)
