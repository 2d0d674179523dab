// The picture tab. Its template is picture.html.

import { complainIn, listenToButtons } from "./buttons.js";
import { MOST_PHOTOGRAPHS } from "./facts.js";
import { fetched } from "./fetching.js";
import { save } from "./saving.js";
import { AnswerView, title } from "./picture/answer.js";
import { chart } from "./picture/chart.js";
import { Photographs } from "./picture/photographs.js";
import { drawnBoxes } from "./picture/sending.js";
import { Snapshot } from "./picture/snapshot.js";
import { Strip } from "./picture/strip.js";
import { showTable, tableFile } from "./picture/table.js";
import { listen, paste } from "./picture/inputs.js";
import { onlySecurely, said } from "./words.js";

const NARROW = 760; // pixels; on a telephone the answer is below the buttons

export function start(element) {
  const root = element.querySelector(".fx-picture");
  const find = (selector) => root.querySelector(selector);
  const complain = complainIn(find(".fx-notice"));
  const photographs = new Photographs();
  const answer = new AnswerView(find(".fx-answer"), (face) => chooseFace(face));
  const strip = new Strip(find(".fx-strip"), (photograph) => photographs.choose(photograph));
  const snapshot = new Snapshot(find(".fx-camera"));
  const keys = new WeakMap(); // a number for each photograph
  let [count, spoken, exampleAnswer] = [0, {}, null];
  let asked = 0; // counts what the visitor does; an example that arrives after something else is ignored

  function take(files) {
    asked++;
    complain("");
    snapshot.close();
    const left = photographs.add(files);
    if (left)
      complain(`The page holds ${MOST_PHOTOGRAPHS} photographs at most, so ${left} of these ${left === 1 ? "was" : "were"} left out.`
        + " Remove some, and choose the rest again.");
  }

  // Chooses a face of the chosen photograph, or of the example answer if there is none.
  function chooseFace(face) {
    if (photographs.chosen) photographs.chooseFace(face);
    else answer.show({ ...(exampleAnswer = { ...exampleAnswer, face }) }, "example");
  }

  function show() {
    const { list, chosen } = photographs;
    root.toggleAttribute("data-empty", !chosen);
    find(".fx-start").classList.toggle("fx-compact", Boolean(chosen));
    strip.show(photographs);
    const shown = chosen ?? exampleAnswer;
    find(".fx-answer").hidden = !shown;
    if (shown) answer.show(shown, chosen ? keyOf(chosen) : "example");
    const { state, answer: json, again } = chosen ?? {};
    const faces = json?.faces.length > 0;
    find("[data-do=retry]").hidden = !(state === "refused" && again);
    find("[data-do=boxes]").hidden = find("[data-do=chart]").hidden = !faces;
    find("[data-do=remove]").hidden = !chosen;
    find(".fx-json").hidden = !json;
    find(".fx-json pre").textContent = json ? JSON.stringify(plain(json), null, 2) : "";
    find(".fx-table").hidden = !list.some(({ state }) => state === "answered");
    showTable(find(".fx-table tbody"), list);
    tell(chosen);
  }

  function keyOf(photograph) {
    if (!keys.has(photograph)) keys.set(photograph, ++count);
    return keys.get(photograph);
  }

  // Tells screen readers the result and the chosen face.
  function tell(chosen) {
    const known = chosen && ["answered", "refused"].includes(chosen.state);
    const key = known ? `${keyOf(chosen)} ${chosen.state}` : "";
    const face = known && chosen.answer?.faces[chosen.face];
    if (key !== spoken.key) {
      spoken = { key, face: chosen?.face };
      find(".fx-voice").textContent = known ? find(".fx-verdict").textContent : "";
      if (known && window.innerWidth <= NARROW) find(".fx-answer").scrollIntoView({ block: "start" });
    } else if (face && chosen.face !== spoken.face) {
      spoken.face = chosen.face;
      find(".fx-voice").textContent = title(face, chosen.face);
    }
  }

  // The pressed button may disappear, so the focus moves to the first button.
  function leave(remove) {
    remove();
    find("[data-do=file]").focus();
  }

  async function tryExample(button) {
    const mine = ++asked;
    const photograph = await fetched(button.dataset.example, "image/jpeg");
    if (mine !== asked) return;
    if (photograph) take([photograph]);
    else complain("The example cannot be fetched. Check the connection and try again.");
  }

  async function showExampleAnswer() {
    const { exampleAnswer: address } = find(".fx-answer").dataset;
    const reply = await fetch(new URL(address, document.baseURI)).catch(() => null);
    if (!reply?.ok) return;
    const shown = find("[data-example]").dataset.example;
    exampleAnswer = { state: "answered", answer: await reply.json(), face: 0, shown, name: "" };
    show();
  }

  const actions = {
    camera: () => {
      asked++;
      return snapshot.open();
    },
    snap: async () => take([await snapshot.take()]),
    "close-camera": () => snapshot.close(),
    paste: () => paste(take, complain),
    clear: () => leave(() => photographs.clear()),
    remove: () => leave(() => photographs.remove(photographs.chosen)),
    retry: () => photographs.retry(photographs.chosen),
    csv: () => save(tableFile(photographs.list), "expressions.csv"),
    copy: () => copy(find(".fx-json pre").textContent),
    boxes: async () => save(await drawnBoxes(photographs.chosen.prepared), "expressions.jpg"),
    chart: async () => {
      const { answer: { faces }, face } = photographs.chosen;
      const name = `expression-${face + 1}-${faces[face].emotion}.png`;
      save(await chart(faces[face], title(faces[face], face).replace(/^Face \d+: /, "")), name);
    },
  };

  listenToButtons(root, actions, complain);
  for (const button of root.querySelectorAll("[data-example]"))
    button.addEventListener("click", () => tryExample(button));
  photographs.addEventListener("changed", show);
  listen(root, take, complain);
  // Another tab of the page hides this one; then the camera switches off.
  new ResizeObserver(() => root.offsetParent || snapshot.close()).observe(root);
  window.addEventListener("pagehide", () => snapshot.close());
  for (const control of root.querySelectorAll("[disabled]")) control.disabled = false;
  show();
  showExampleAnswer();
}

async function copy(text) {
  const instead = "Select the text and copy it.";
  if (!navigator.clipboard) throw said(`${onlySecurely("the clipboard")} ${instead}`);
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    throw said(`The browser does not let this page write to the clipboard. ${instead}`);
  }
}

// Returns the answer as the HTTP route gives it without `explain`.
function plain(json) {
  const faces = json.faces.map((face) =>
    Object.fromEntries(Object.entries(face).filter(([name]) => name !== "attention" && name !== "crop")));
  return { ...json, faces };
}
