// The camera of the live tab: the choice of a camera, its picture on the page, and pictures to send.

import { openCamera } from "../cameras.js";
import { said } from "../words.js";

const LONGER_SIDE = 640; // pixels of the pictures to send

export class Camera {
  #video;
  #choice; // the list of cameras
  #wanted = ""; // the chosen camera's device ID; "" lets the browser choose
  #stream = null;
  #asked = 0; // counts requests for a camera; a late answer to an earlier request is ignored
  sent = document.createElement("canvas"); // the last picture that was sent

  // `list` is a select in a label; the label is shown if there are several cameras.
  constructor(video, list) {
    this.#video = video;
    this.#choice = list;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#listCameras());
  }

  // Call this when the visitor chooses another camera.
  choose() {
    this.#wanted = this.#choice.value;
  }

  // Shows the camera's picture. `ended` is called when the camera stops by itself. Throws an error with a
  // `sentence`.
  async open(ended) {
    this.close(); // many telephones cannot open a second camera beside the first
    const mine = ++this.#asked;
    if (this.#wanted && !(await this.#cameras()).some((each) => each.deviceId === this.#wanted)) {
      this.#wanted = "";
      throw said("The chosen camera is no longer connected. Press Start to use another.");
    }
    const which = this.#wanted ? { deviceId: { exact: this.#wanted } } : { facingMode: "user" };
    const stream = await openCamera({ width: { ideal: 640 }, height: { ideal: 480 }, ...which });
    if (mine !== this.#asked) return end(stream);
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.#stream === stream && ended());
    // The back camera's picture is not mirrored.
    this.mirrored = track.getSettings().facingMode !== "environment";
    this.#video.classList.toggle("fx-mirror", this.mirrored);
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => {}); // fails if the camera was closed in the meantime
    await this.#listCameras();
  }

  close() {
    this.#asked++;
    if (this.#stream) end(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  // Returns the current picture as a JPEG; null while the camera has none.
  capture() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth) return null;
    // The size changes when a telephone is turned.
    const scale = Math.min(1, LONGER_SIDE / Math.max(videoWidth, videoHeight));
    this.sent.width = Math.round(videoWidth * scale);
    this.sent.height = Math.round(videoHeight * scale);
    this.sent.getContext("2d").drawImage(this.#video, 0, 0, this.sent.width, this.sent.height);
    return new Promise((resolve) => this.sent.toBlob(resolve, "image/jpeg", 0.85));
  }

  async #cameras() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    // Without permission, all cameras have an empty ID.
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
