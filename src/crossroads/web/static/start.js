// Says that scripts run, and wakes the components that need one. Every page works without.
import { initAll } from "./govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// Opening a document changes the page on which its link stands: fetch it here, so that the page can be shown anew.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-cr-again]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href);
  const file = answer.headers.get("content-disposition");
  if (!answer.ok || !file) {
    location.assign(link.href);
    return;
  }
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(await answer.blob());
  saved.download = decodeURIComponent(file.split("''")[1] ?? "");
  saved.click();
  const page = await (await fetch(location.href)).text();
  const main = new DOMParser().parseFromString(page, "text/html").querySelector("main");
  if (!main) return;
  document.querySelector("main").replaceWith(main);
  [...main.querySelectorAll("a[data-cr-again]")].find((one) => one.href === link.href)?.focus();
});
