// Dropped files. A drop never makes the browser leave the page, on any tab.

// Passes the files that are dropped anywhere while `element` is shown to `take`. Each has `folder`, which
// is true for a folder. Text and links give an empty list.
export function dropped(element, take) {
  const shown = () => element.offsetParent !== null;
  const over = (on) => element.classList.toggle("fx-over", on);
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(shown());
  });
  window.addEventListener("dragleave", (event) => {
    // The event also fires between elements of the page; only outside the page is there no target.
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
