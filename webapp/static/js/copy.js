// A button copies the field that it names, and says so: in words, for readers too.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select(); // without https there is no clipboard, but there is this
    document.execCommand("copy");
    button.focus();
  }
  button.querySelector("[data-word]").textContent = button.dataset.done;
  document.getElementById(button.dataset.tells).textContent = button.dataset.done;
});
