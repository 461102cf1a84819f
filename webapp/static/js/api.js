// Swagger UI is dark where the root element has a class; ours is dark by the system's
// wish, or by the switch.

const root = document.documentElement;
const wish = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : wish.matches;
  root.classList.toggle("dark-mode", isDark);
}

follow();
wish.addEventListener("change", follow);
new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
