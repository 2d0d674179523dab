// The film tab. Its template is film.html.

import { complainIn, listenToButtons } from "./buttons.js";
import { dropped } from "./dropping.js";
import { fetched } from "./fetching.js";
import { oneOf, refusal } from "./film/refusal.js";
import { Reading } from "./film/reading.js";
import { Results } from "./film/results.js";
import { size } from "./words.js";

export function start(element) {
  const root = element.querySelector(".fx-film");
  const find = (selector) => root.querySelector(selector);
  const complain = complainIn(find(".fx-problem"));
  const bar = find("progress");
  const button = find("[data-do=switch]");
  const results = new Results(find(".fx-results"));
  let chosen = null; // the chosen file
  let run = null; // the current reading, or null
  let asked = 0; // counts the visitor's choices; what arrives after a later one is ignored

  function tell(words, share) {
    find(".fx-far").textContent = words;
    if (share === undefined) bar.removeAttribute("value");
    else bar.value = share;
  }

  function showBusy() {
    const busy = Boolean(run);
    // The same button starts and stops, so that it keeps the focus.
    button.textContent = busy ? "Stop here" : "Read the film";
    button.disabled = !busy && !chosen;
    bar.hidden = !busy;
    for (const control of root.querySelectorAll("input, [data-do=example]")) control.disabled = busy;
    root.classList.toggle("fx-running", busy);
    tell("");
  }

  // Chooses a file if it is a film; returns whether it is.
  async function choose(file) {
    const mine = ++asked;
    const sentence = await refusal(file, Number(root.dataset.limit));
    if (mine !== asked) return false;
    tell("");
    chosen = sentence ? null : file;
    complain(sentence);
    find(".fx-name").textContent = `${file.name}, ${size(file.size)}`;
    button.disabled = !chosen;
    return Boolean(chosen);
  }

  async function read() {
    asked++;
    const reading = (run = new Reading(chosen, tell));
    complain("");
    results.clear();
    showBusy();
    const wanted = Object.fromEntries(
      ["annotate", "thumbnails"].map((name) => [name, find(`[data-do=${name}]`).checked]),
    );
    try {
      const film = chosen;
      await results.show(film, await reading.read(root.dataset.route, wanted));
    } catch (error) {
      complain(error.sentence ?? "The results cannot be shown.");
    }
    reading.close();
    run = null;
    showBusy();
  }

  async function tryExample() {
    const mine = ++asked;
    tell("Fetching the film");
    const film = await fetched(find("[data-do=example]").dataset.address, "video/mp4");
    if (mine !== asked) return;
    tell("");
    if (!film) complain("The film cannot be fetched. Check the connection and try again.");
    else if (await choose(film)) await read();
  }

  const actions = {
    switch: () => (run ? run.cancel() : chosen && read()),
    example: () => run ?? tryExample(),
  };
  listenToButtons(root, actions, complain);
  find("[data-do=file]").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    target.value = ""; // so that the same file can be chosen again
    if (file) choose(file);
  });
  dropped(root, (items) => {
    const { file, sentence } = run ? { sentence: "A film is being read. Stop it, then drop another." } : oneOf(items);
    if (file) choose(file);
    else complain(sentence);
  });
  window.addEventListener("pagehide", () => run?.close());
  find("[data-do=file]").disabled = false;
  find("[data-do=example]").disabled = false;
}
