// The private link of faces that were given: selected by a touch, copied by a button.

export function privateLink(root) {
  const link = root.querySelector("[data-link]");
  const button = root.querySelector("[data-copy]");
  if (!link || !button) return;
  link.addEventListener("focus", () => link.select());
  button.addEventListener("click", async () => {
    link.select();
    await navigator.clipboard.writeText(link.value);
    button.querySelector("span").textContent = button.dataset.done;
  });
}
