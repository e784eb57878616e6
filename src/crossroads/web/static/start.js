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

// A long list of boxes is narrowed by what is typed above it; what is chosen stays in sight.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
for (const box of document.querySelectorAll("[data-cr-narrow]")) {
  const [input, status] = [box.querySelector("input"), box.querySelector("[role=status]")];
  const parts = [...box.parentElement.querySelectorAll("fieldset")];
  box.hidden = false;
  input.addEventListener("input", () => {
    const words = plain(input.value).split(/\s+/);
    for (const part of parts) {
      const above = part.querySelector("legend").textContent;
      const items = [...part.querySelectorAll(".govuk-checkboxes__item")];
      for (const item of items) {
        const text = plain(`${above} ${item.textContent}`);
        item.hidden = !item.querySelector("input").checked && !words.every((word) => text.includes(word));
      }
      part.hidden = items.every((item) => item.hidden);
    }
    for (const several of box.parentElement.querySelectorAll("[role=group]")) {
      several.hidden = [...several.querySelectorAll("fieldset")].every((part) => part.hidden);
    }
    status.textContent = parts.every((part) => part.hidden) ? status.dataset.crNone : "";
  });
  // What is typed here is no field of the form: Enter sends nothing.
  input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}
