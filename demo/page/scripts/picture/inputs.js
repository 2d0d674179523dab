// The ways to give photographs: the chooser, drop and paste. Each passes a list of files to `take`, or a
// sentence to `complain`.

import { dropped } from "../dropping.js";
import { onlySecurely } from "../words.js";

const SAVE_FIRST = "Save the picture first, then choose or drop its file.";

// Listens for files that are chosen, dropped or pasted while the tab `root` is shown.
export function listen(root, take, complain) {
  const chooser = root.querySelector("[data-do=file]");
  chooser.addEventListener("change", () => {
    const files = [...chooser.files];
    chooser.value = ""; // so that the same file can be chosen again
    if (files.length) take(files);
  });
  dropped(root, (items) => {
    if (items.some(({ folder }) => folder))
      complain("A folder cannot be read here. Open it and drop its photographs.");
    else if (items.length) take(items.map(({ file }) => file));
    else complain(`What you dropped is not a file. ${SAVE_FIRST}`);
  });
  document.addEventListener("paste", (event) => {
    if (root.offsetParent === null) return;
    const files = [...event.clipboardData.files];
    if (files.length) take(files);
    else complain(`The clipboard holds no picture. ${SAVE_FIRST}`);
  });
}

// Reads the clipboard after a press of the button; the browser may refuse.
export async function paste(take, complain) {
  const instead = "Press Ctrl+V (on a Mac ⌘V) instead, or choose a file.";
  if (!navigator.clipboard?.read) {
    complain(`${onlySecurely("the clipboard")} ${instead}`);
    return;
  }
  let items;
  try {
    items = await navigator.clipboard.read();
  } catch {
    complain(`The browser does not let this page read the clipboard. ${instead}`);
    return;
  }
  const files = [];
  for (const item of items) {
    const type = item.types.find((each) => each.startsWith("image/"));
    if (type) files.push(new File([await item.getType(type)], "pasted picture", { type }));
  }
  if (files.length) take(files);
  else complain(`The clipboard holds no picture. ${SAVE_FIRST}`);
}
