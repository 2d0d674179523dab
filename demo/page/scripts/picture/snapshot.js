// Takes a photograph with the camera. The view is mirrored; the photograph is not.

import { openCamera } from "../cameras.js";
import { said } from "../words.js";

export class Snapshot {
  #panel;
  #video;
  #stream = null;
  #asked = 0; // counts requests for the camera; a late answer to an earlier request is ignored

  constructor(panel) {
    this.#panel = panel;
    this.#video = panel.querySelector("video");
  }

  // Shows the camera's picture. Throws an error with a `sentence` if that fails.
  async open() {
    this.close();
    const mine = ++this.#asked;
    const stream = await openCamera({ width: { ideal: 1920 }, height: { ideal: 1080 }, facingMode: "user" });
    if (mine !== this.#asked) return end(stream);
    this.#stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => this.close());
    this.#video.srcObject = stream;
    this.#panel.hidden = false;
    await this.#video.play().catch(() => {}); // fails if the camera was closed in the meantime
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  // Returns the current picture as a file, and switches the camera off.
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
