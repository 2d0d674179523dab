// What is dropped on a tab. The browser never leaves the page for it, whichever tab is shown.

// Hands to `take` what is dropped anywhere while `element` is shown: its files, each with `folder`,
// whether it is one. Text and links give none.
export function dropped(element, take) {
  const shown = () => element.offsetParent !== null;
  const over = (on) => element.classList.toggle("fx-over", on);
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(shown());
  });
  window.addEventListener("dragleave", (event) => {
    // Elements of the page are left as well, for others.
    if (!event.relatedTarget) over(false);
  });
  window.addEventListener("drop", (event) => {
    over(false);
    event.preventDefault();
    if (!shown()) return;
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const folders = items.map((item) => item.webkitGetAsEntry?.()?.isDirectory ?? false);
    take([...event.dataTransfer.files].map((file, index) => ({ file, folder: folders[index] ?? false })));
  });
}
