// The camera's picture with a box round each face, on the page or on the full screen.

import { sized } from "../drawing.js";
import { EMOTIONS } from "../facts.js";
import { caption } from "../words.js";

export class Stage {
  #stage;
  #boxes;
  #full;

  constructor(stage) {
    this.#stage = stage;
    this.#boxes = stage.querySelector("canvas");
    this.#full = stage.querySelector("[data-do=full]");
    // Some telephones allow full screen only for videos.
    this.#full.hidden = !document.fullscreenEnabled;
    document.addEventListener("fullscreenchange", () => {
      this.#full.textContent = this.#isFull() ? "Leave the full screen" : "Full screen";
    });
  }

  show(on) {
    this.#stage.hidden = !on;
    this.clear();
    if (!on && this.#isFull()) document.exitFullscreen();
  }

  clear() {
    this.#boxes.getContext("2d").clearRect(0, 0, this.#boxes.width, this.#boxes.height);
  }

  async toggleFull() {
    if (this.#isFull()) await document.exitFullscreen();
    else await this.#stage.requestFullscreen();
  }

  // Draws the boxes of an answer; their places are in pixels of `sent`.
  draw(faces, sent, mirrored) {
    const [width, height] = [this.#boxes.clientWidth, this.#boxes.clientHeight];
    const pen = sized(this.#boxes, width, height);
    // In full screen there may be black edges beside the picture.
    const scale = Math.min(width / sent.width, height / sent.height);
    const [across, down] = [(width - scale * sent.width) / 2, (height - scale * sent.height) / 2];
    const font = Math.max(14, Math.round((scale * sent.width) / 60));
    pen.font = `600 ${font}px system-ui, sans-serif`;
    pen.textBaseline = "middle";
    for (const face of faces) {
      const side = face.box.width * scale;
      const left = mirrored ? width - across - face.box.x * scale - side : across + face.box.x * scale;
      const box = { left, top: down + face.box.y * scale, width: side, height: face.box.height * scale };
      drawBox(pen, box, EMOTIONS[face.emotion].colour);
      const text = (face.person ? `${face.person}  ` : "") + caption(face);
      drawTag(pen, text, font, box, EMOTIONS[face.emotion], [width, height]);
    }
  }

  #isFull() {
    return document.fullscreenElement === this.#stage;
  }
}

function drawBox(pen, box, colour) {
  // The dark frame keeps the coloured frame visible on any picture.
  for (const [line, stroke] of [[5, "#000"], [3, colour]]) {
    pen.lineWidth = line;
    pen.strokeStyle = stroke;
    pen.strokeRect(box.left, box.top, box.width, box.height);
  }
}

function drawTag(pen, text, font, box, { colour, ink }, [width, height]) {
  const [long, high] = [pen.measureText(text).width + 10, font + 8];
  const left = Math.max(0, Math.min(box.left - 2, width - long));
  const below = Math.min(height - high, box.top + box.height + 4);
  const top = box.top >= high + 4 ? box.top - high - 4 : below;
  pen.fillStyle = colour;
  pen.fillRect(left, top, long, high);
  pen.fillStyle = ink;
  pen.fillText(text, left + 5, top + high / 2 + 1);
}
