// Sends a photograph to the HTTP route and receives its answer.

import { said, wholePercent } from "../words.js";

const PATIENCE = 4; // how often a busy server is tried again

// Reads a prepared photograph. `told` is called with the current step in words.
// Returns `json`, the route's answer in pixels of the original. If the browser cannot show the original,
// also returns `preview`, a picture that it can show.
export async function ask(prepared, signal, told) {
  const preview = prepared.shown ? "" : "&preview=1";
  for (let time = 1; ; time++) {
    const reply = await post(`?explain=1${preview}`, prepared.sent, "application/json", signal, told);
    if (reply.status === 200) return understood(await reply.body.text(), prepared);
    const problem = await problemOf(reply);
    const wait = reply.status === 503 && reply.wait;
    if (!wait || time > PATIENCE) throw problem;
    told(problem.sentence);
    await pause(1000 * wait, signal);
    if (signal.aborted) throw said("Stopped.");
  }
}

// Returns the photograph with its boxes, as a JPEG.
export async function drawnBoxes(prepared) {
  const reply = await post("", prepared.sent, "image/jpeg", new AbortController().signal, () => {});
  if (reply.status !== 200) throw await problemOf(reply);
  return reply.body;
}

function understood(text, { width, height }) {
  const json = JSON.parse(text);
  const { preview } = json.image;
  delete json.image.preview;
  if (width) scale(json, width, height);
  return { json, preview: preview && bytesOf(preview, "image/jpeg") };
}

// Converts pixels of the sent picture to pixels of the original.
function scale(json, width, height) {
  const [across, down] = [width / json.image.width, height / json.image.height];
  json.image = { ...json.image, width, height };
  if (across === 1 && down === 1) return;
  for (const face of json.faces) {
    const { x, y } = face.box;
    const right = Math.min(width, Math.round((x + face.box.width) * across));
    const bottom = Math.min(height, Math.round((y + face.box.height) * down));
    face.box.x = Math.round(x * across);
    face.box.y = Math.round(y * down);
    face.box.width = Math.max(1, right - face.box.x);
    face.box.height = Math.max(1, bottom - face.box.y);
    face.landmarks = face.landmarks.map(([a, b]) => [round2(a * across), round2(b * down)]);
  }
}

const round2 = (value) => Math.round(100 * value) / 100;

// Uses XMLHttpRequest, because fetch does not report the progress of an upload.
function post(query, picture, accept, signal, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const route = document.querySelector(".fx-answer").dataset.route;
    request.open("POST", new URL(route + query, document.baseURI));
    request.setRequestHeader("Content-Type", picture.type);
    request.setRequestHeader("Accept", accept);
    request.responseType = "blob";
    request.upload.onprogress = ({ loaded, total }) =>
      told(loaded < total ? `Sending: ${wholePercent(loaded / total)}` : "Reading the faces");
    request.onload = () =>
      resolve({
        status: request.status,
        body: request.response,
        wait: Number(request.getResponseHeader("Retry-After")),
      });
    request.onerror = () =>
      reject(Object.assign(said("The server cannot be reached. Check the connection."), { again: true }));
    request.onabort = () => reject(said("Stopped."));
    signal.addEventListener("abort", () => request.abort());
    request.send(picture);
  });
}

// Makes an error from a refusal: the route sends a problem document, a proxy in between may not.
async function problemOf({ status, body }) {
  const text = body ? await body.text() : "";
  let problem = null;
  try {
    problem = JSON.parse(text);
  } catch {
    // This is a proxy's page.
  }
  const sentence = problem?.detail ?? `The server did not answer (${status}).`;
  return Object.assign(said(sentence), { again: status === 0 || status === 408 || status === 429 || status >= 500 });
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function bytesOf(base64, type) {
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type });
}
