// The camera of the live tab: which one, its picture on the page, and its pictures as files.

import { openCamera } from "../cameras.js";
import { said } from "../words.js";

const LONGER_SIDE = 640; // of the pictures that are sent

export class Camera {
  #video;
  #choice; // the list to choose from
  #wanted = ""; // the chosen camera's name for the browser; "" leaves it to the browser
  #stream = null;
  sent = document.createElement("canvas"); // the last picture, as it was sent

  // `list` is a select in a label, which is shown when there is more than one camera.
  constructor(video, list) {
    this.#video = video;
    this.#choice = list;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#listCameras());
  }

  // The chosen camera was changed by the visitor.
  choose() {
    this.#wanted = this.#choice.value;
  }

  // Shows the camera's picture. `ended` is called when the camera ends by itself, and `current` tells
  // whether it is still wanted. Throws an error with a `sentence`.
  async open(ended, current) {
    if (this.#wanted && !(await this.#cameras()).some((each) => each.deviceId === this.#wanted)) {
      this.#wanted = "";
      throw said("The chosen camera is not there any more. Press Start to use another.");
    }
    const which = this.#wanted ? { deviceId: { exact: this.#wanted } } : { facingMode: "user" };
    const stream = await openCamera({ width: { ideal: 640 }, height: { ideal: 480 }, ...which });
    if (!current()) return end(stream);
    this.close();
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.#stream === stream && ended());
    // What looks away from the visitor is no mirror.
    this.mirrored = track.getSettings().facingMode !== "environment";
    this.#video.classList.toggle("fx-mirror", this.mirrored);
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => {}); // closed meanwhile
    await this.#listCameras();
  }

  close() {
    if (this.#stream) end(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  // The picture as it is now, as a JPEG; null while the camera has none.
  capture() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth) return null;
    // A telephone that is turned changes its size.
    const scale = Math.min(1, LONGER_SIDE / Math.max(videoWidth, videoHeight));
    this.sent.width = Math.round(videoWidth * scale);
    this.sent.height = Math.round(videoHeight * scale);
    this.sent.getContext("2d").drawImage(this.#video, 0, 0, this.sent.width, this.sent.height);
    return new Promise((resolve) => this.sent.toBlob(resolve, "image/jpeg", 0.85));
  }

  async #cameras() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    // Without permission they have no names, and all the same empty identity.
    return devices.filter((each) => each.kind === "videoinput" && each.deviceId);
  }

  async #listCameras() {
    const cameras = await this.#cameras();
    const used = this.#stream?.getVideoTracks()[0].getSettings().deviceId ?? this.#wanted;
    this.#choice.replaceChildren(...cameras.map(({ deviceId, label }, index) =>
      new Option(label || `Camera ${index + 1}`, deviceId, false, deviceId === used)));
    this.#choice.closest("label").hidden = cameras.length < 2;
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}
