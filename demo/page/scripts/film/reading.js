// Sends one film to the server through its own connection, and receives the results.

import { open } from "../sockets.js";
import { clock, said, wholePercent } from "../words.js";

const PART = 512 * 1024; // bytes of the film per message
const AHEAD = 4 * 1024 * 1024; // bytes that may wait for the network
const KINDS = {
  png: "image/png", jpg: "image/jpeg", mp4: "video/mp4", csv: "text/csv", json: "application/json",
};

export class Reading {
  #film;
  #tell;
  #socket = null;
  #files = new Map();
  #error = ""; // a sentence
  #announced = null; // the server's message that announces the results
  #began = 0; // the time at which the whole film was sent

  // `tell` is called with the progress in words, and with the share that is done if it is known.
  constructor(film, tell) {
    this.#film = film;
    this.#tell = tell;
  }

  // Returns the results, a blob for each file's name. Throws an error with a `sentence`.
  read(route, wanted) {
    return new Promise((resolve, reject) => {
      const socket = (this.#socket = open(route));
      socket.binaryType = "blob";
      const order = { name: this.#film.name.slice(0, 255), bytes: this.#film.size, ...wanted };
      let current = null;
      this.#tell("Connecting");
      socket.onopen = () => socket.send(JSON.stringify(order));
      socket.onmessage = ({ data }) => {
        if (data instanceof Blob) {
          current.parts.push(data);
          return;
        }
        const message = JSON.parse(data);
        if (message.error) this.#error = message.error;
        if (message.ready) this.#upload().catch(() => this.#fail("The film’s file cannot be read. Choose it again."));
        if ("time" in message) this.#progress(message);
        if ("complete" in message) this.#announced = message;
        if (message.file) this.#files.set(message.file, (current = { parts: [], bytes: message.bytes }));
      };
      socket.onclose = (event) => {
        if (this.#error) reject(said(this.#error));
        else if (this.#whole()) resolve(this.#results());
        else reject(said(event.reason || "The connection to the server ended. Try again."));
      };
    });
  }

  // Stops. If the reading has begun, the server sends partial results.
  cancel() {
    if (this.#began && this.#socket.readyState === WebSocket.OPEN) this.#socket.send("cancel");
    else this.#fail("Stopped before the film was sent.");
  }

  close() {
    this.#socket?.close();
  }

  #fail(sentence) {
    this.#error = sentence;
    this.#socket?.close();
  }

  async #upload() {
    const [film, socket] = [this.#film, this.#socket];
    for (let sent = 0; sent < film.size && socket.readyState === WebSocket.OPEN; sent += PART) {
      while (socket.bufferedAmount > AHEAD) await new Promise((resolve) => setTimeout(resolve, 20));
      socket.send(await film.slice(sent, sent + PART).arrayBuffer());
      this.#tell(`Sending: ${wholePercent(sent / film.size)}`, sent / film.size);
    }
    this.#began = performance.now();
    this.#tell("Opening the film");
  }

  #progress({ time, duration }) {
    if (!time) return;
    if (!duration) {
      this.#tell(`${clock(time)} read`);
      return;
    }
    const share = Math.min(1, time / duration);
    const left = ((performance.now() - this.#began) / 1000) * (1 / share - 1);
    this.#tell(`${clock(time)} of ${clock(duration)} read, about ${clock(left)} left`, share);
  }

  #whole() {
    const files = [...this.#files.values()];
    return files.length === this.#announced?.files
      && files.every((file) => new Blob(file.parts).size === file.bytes);
  }

  #results() {
    return new Map([...this.#files].map(([name, { parts }]) =>
      [name, new Blob(parts, { type: KINDS[name.split(".").pop()] ?? "application/octet-stream" })]));
  }
}
