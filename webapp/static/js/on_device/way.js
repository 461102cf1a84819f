// The choice to look at photos on this device, on the page of its doors.

import { offerDevice } from "../results.js";
import { choose, isChosen } from "./choice.js";
import { PhotoDevice, whyNot } from "./photo_device.js";
import { resultOf } from "./result.js";

// `form`: with the switch, and the line that says where photos are looked at.
export function deviceWay(form) {
  const choice = form.querySelector("[data-on-device]");
  if (!choice) return;
  const where = form.querySelector("[data-where]");
  const words = JSON.parse(document.getElementById("device-words").textContent);
  const { engine: address, csrf } = choice.dataset;
  const device = new PhotoDevice({ address, csrf, mostSide: words.most_side });
  const because = (why) => words.because[why] ?? words.because.broken;

  function say() {
    const why = whyNot();
    const isOn = isChosen() && !why;
    choice.checked = isOn;
    if (isOn) where.textContent = words.by_device;
    else where.textContent = why && isChosen() ? `${because(why)} ${words.by_site}` : words.by_site;
  }

  choice.addEventListener("change", () => {
    choose(choice.checked);
    say();
  });
  say();

  offerDevice({
    words,
    isChosen: () => choice.checked,
    whyNot: ({ why }) => `${because(why)} ${words.not_sent}`,
    async resultOf(file, tell) {
      if (!device.isOpen) tell(words.fetching);
      await device.open();
      tell();
      const { bitmap, seen, isSmaller } = await device.look(file);
      try {
        const result = await resultOf(seen, bitmap, words);
        return { result, note: isSmaller ? words.smaller : "" };
      } finally {
        bitmap.close();
      }
    },
  });
}
