// The secret of a private link stands in the address's fragment, which no server sees:
// it goes into the form and out of the address. What is sent shows the face, no more: only a
// click on the next page takes it back.

const form = document.querySelector("#withdraw-form");
const secrets = decodeURIComponent(location.hash.slice(1));
if (form && secrets) {
  form.elements.links.value = secrets.split(",").join("\n");
  form.querySelector("[data-links]").hidden = true;
  form.querySelector("[data-ready]").hidden = false;
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}

document.querySelector("[data-print]")?.addEventListener("click", () => print());
