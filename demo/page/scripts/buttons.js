// A tab's buttons, and the box for error messages.

const REPEATED = ["remove"]; // buttons that may be pressed quickly several times

// Returns a function that shows a sentence in a box, or hides the box if the sentence is empty.
export function complainIn(box) {
  return (sentence) => {
    box.textContent = sentence;
    box.hidden = !sentence;
    if (sentence) box.scrollIntoView({ block: "nearest" });
  };
}

// Runs the action that a button names in `data-do`. If it fails, the error's sentence, or a general one,
// goes to `complain`.
export function listenToButtons(root, actions, complain) {
  root.addEventListener("click", async (event) => {
    const name = event.target.closest("button[data-do]")?.dataset.do;
    // The second click of a double click would undo the first.
    if (!actions[name] || (event.detail > 1 && !REPEATED.includes(name))) return;
    complain("");
    try {
      await actions[name]();
    } catch (error) {
      complain(error.sentence ?? "This did not work. Try again.");
    }
  });
}
