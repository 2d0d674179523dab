// A tab's buttons, and the box that says what does not work.

const REPEATED = ["remove"]; // what may be pressed several times in a row

// Gives a function that shows a sentence in a box, or hides the box where the sentence is empty.
export function complainIn(box) {
  return (sentence) => {
    box.textContent = sentence;
    box.hidden = !sentence;
    if (sentence) box.scrollIntoView({ block: "nearest" });
  };
}

// Does what a button names in `data-do`. No button fails in silence: the sentence of an error, or
// one that suits any error, goes to `complain`.
export function listenToButtons(root, actions, complain) {
  root.addEventListener("click", async (event) => {
    const name = event.target.closest("button[data-do]")?.dataset.do;
    // The second press of a double click would undo the first.
    if (!actions[name] || (event.detail > 1 && !REPEATED.includes(name))) return;
    complain("");
    try {
      await actions[name]();
    } catch (error) {
      complain(error.sentence ?? "This did not work. Try again.");
    }
  });
}
