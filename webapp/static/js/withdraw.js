// The secret of a private link stands in the address's fragment, which no server sees:
// it goes into the form, out of the address, and only a click sends it.

const form = document.querySelector("#withdraw-form");
const secrets = decodeURIComponent(location.hash.slice(1));
if (form && secrets) {
  form.elements.links.value = secrets.split(",").join("\n");
  form.querySelector("[data-links]").hidden = true;
  form.querySelector("[data-ready]").hidden = false;
  history.replaceState(null, "", location.pathname);
}

document.querySelector("[data-print]")?.addEventListener("click", () => print());
