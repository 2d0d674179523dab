// The two buttons of parts.html that choose between each person and all together.

// Calls `show` with "people" or "group" when the choice changes. Returns a function that gives the choice.
export function views(root, show) {
  const buttons = [...root.querySelectorAll("[data-view]")];
  const chosen = () => buttons.find((button) => button.getAttribute("aria-pressed") === "true").dataset.view;
  for (const button of buttons)
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      show(chosen());
    });
  return chosen;
}
