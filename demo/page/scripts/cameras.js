// The visitor's camera.

import { onlySecurely, said } from "./words.js";

const PROBLEMS = {
  NotAllowedError: "The browser does not let this page use the camera. Allow it with the icon beside the"
    + " page's address, or in the system's privacy settings, and try again.",
  NotFoundError: "No camera was found. Connect one and try again.",
  NotReadableError: "The camera cannot be read: another program may be using it. Close that program and"
    + " try again.",
  OverconstrainedError: "This camera's pictures cannot be used here.",
};

// Asks for the camera. Throws an error with a `sentence` if that fails.
export async function openCamera(video) {
  if (!navigator.mediaDevices)
    throw said(onlySecurely("a camera"));
  try {
    return await navigator.mediaDevices.getUserMedia({ video });
  } catch (error) {
    throw said(PROBLEMS[error.name] ?? "The camera cannot be used. Try again.");
  }
}
