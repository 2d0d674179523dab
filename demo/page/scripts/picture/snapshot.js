// A photograph from the camera. It is shown as in a mirror and taken as it is.

import { openCamera } from "../cameras.js";
import { said } from "../words.js";

export class Snapshot {
  #panel;
  #video;
  #stream = null;
  #asked = 0; // counts how often the camera was asked for; a late answer to an earlier time is let go

  constructor(panel) {
    this.#panel = panel;
    this.#video = panel.querySelector("video");
  }

  // Shows the camera's picture. Throws an error with a `sentence` where there is none.
  async open() {
    this.close();
    const mine = ++this.#asked;
    const stream = await openCamera({ width: { ideal: 1920 }, height: { ideal: 1080 }, facingMode: "user" });
    if (mine !== this.#asked) return end(stream);
    this.#stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => this.close());
    this.#video.srcObject = stream;
    this.#panel.hidden = false;
    await this.#video.play().catch(() => {}); // closed meanwhile
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  // The picture as it is now, as a file; the camera is switched off.
  async take() {
    if (!this.#video.videoWidth) throw said("The camera has no picture yet. Try again in a moment.");
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    this.close();
    const picture = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
    return new File([picture], "photograph.jpg", { type: "image/jpeg" });
  }

  close() {
    this.#asked++;
    if (this.#stream) end(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
    this.#panel.hidden = true;
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}
