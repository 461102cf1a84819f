// Whether photos are looked at on this device. The browser remembers it where it keeps
// anything; in a private window it may not, and then it holds for as long as the page.

const KEY = "mien.on-device";

let chosen = remembered();

export function isChosen() {
  return chosen;
}

export function choose(isOn) {
  chosen = isOn;
  try {
    localStorage.setItem(KEY, isOn ? "yes" : "no");
  } catch {
    // nothing is kept here
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}
