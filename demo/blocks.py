"""Gradio's Blocks without what is unfit for strangers' pictures."""

from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState


class PrivateBlocks(gr.Blocks):
    """Blocks that read no file but a visitor's own upload, and keep nothing of a visit.

    Gradio 6.31 lets callers name any file of the server: a mounted page checks no paths until
    `has_launched` is set, and even then `gradio.Image` goes unchecked where a path comes without
    its "meta". And it keeps the last value of every component for each of ten thousand visitors,
    for the "deep links" that this page does not offer; here these values are people's pictures.
    """

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
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


def _forget(components: Any, state: SessionState | None) -> None:
    if state is None:
        return
    for component in components:
        if not component.stateful:
            state._update_value_in_config(component._id, None)
