// The live tab's connection to the server: a picture goes out, and its answer comes back.

import { open } from "../sockets.js";
import { said } from "../words.js";

const ANSWER_WITHIN = 10_000; // milliseconds

export class Connection {
  #socket = null;
  #waiting = null;
  #closed = null; // the error that closed the connection

  // Opens the connection. Like `ask`, it throws an error with a `sentence`.
  open(route) {
    return new Promise((resolve, reject) => {
      this.#socket = open(route);
      let opened = false;
      this.#socket.onopen = () => { opened = true; resolve(); };
      this.#socket.onmessage = (event) => this.#waiting?.resolve(JSON.parse(event.data));
      this.#socket.onclose = (event) => {
        const broken = opened
          ? "The connection to the server ended. Press Start to go on."
          : "The server takes no live pictures now, or a proxy in between blocks WebSockets. Try again"
            + " in a minute.";
        this.#closed = said(event.reason || broken);
        reject(this.#closed);
        this.#waiting?.reject(this.#closed);
      };
    });
  }

  // Sends a picture and returns the answer.
  ask(picture) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(said("The server does not answer. Press Start to go on.")), ANSWER_WITHIN,
      );
      const settled = (settle) => (value) => { clearTimeout(late); settle(value); };
      this.#waiting = { resolve: settled(resolve), reject: settled(reject) };
      if (this.#closed) this.#waiting.reject(this.#closed);
      else this.#socket.send(picture);
    });
  }

  close() {
    this.#socket?.close();
  }
}
