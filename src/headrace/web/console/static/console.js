// What pages need beside htmx: local times, questions before destructive acts, copying, dialogs.
// The texts come from the page, in its language.
(() => {
  "use strict";
  const words = document.currentScript.dataset;
  const language = document.documentElement.lang;

  // --- times: written in UTC, shown as local time, with how long ago on hovering -------------
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const ago = (at) => {
    const seconds = (at - Date.now()) / 1000;
    for (const [unit, length] of UNITS)
      if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
    return Math.abs(seconds) < 10 ? words.now : relative.format(Math.round(seconds), "second");
  };
  const tellTimes = (root) => {
    for (const one of root.querySelectorAll("time[datetime]")) {
      const at = new Date(one.dateTime);
      const text = ago(at);
      if (one.textContent !== text) one.textContent = text;
      one.title = full.format(at);
    }
  };

  // --- a question before what cannot be undone; it names the thing ----------------------------
  const ask = (question, ok, danger) => new Promise((answered) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    const text = document.createElement("p");
    text.className = "h3 hostile";
    text.id = "question";
    text.textContent = question;
    dialog.setAttribute("aria-labelledby", "question");
    const buttons = document.createElement("form");
    buttons.method = "dialog";
    buttons.className = "d-flex justify-content-end gap-2 mt-4";
    const button = (label, value, look) => {
      const made = document.createElement("button");
      made.className = `btn ${look}`;
      made.value = value;
      made.textContent = label;
      buttons.append(made);
    };
    button(words.cancel, "", "");
    button(ok || words.ok, "yes", danger ? "btn-danger" : "btn-primary");
    dialog.append(text, buttons);
    dialog.addEventListener("close", () => { answered(dialog.returnValue === "yes"); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
  document.addEventListener("htmx:confirm", (event) => {
    const asking = event.detail.elt.closest("[data-ask]");
    if (!asking) return;
    event.preventDefault();
    ask(asking.dataset.ask, asking.dataset.askOk, "askDanger" in asking.dataset)
      .then((yes) => yes && event.detail.issueRequest(true));
  });

  // --- notices: what was not answered at all, and those that have been read --------------------
  const notice = (text, look) => {
    const made = document.createElement("div");
    made.className = `alert alert-${look} shadow`;
    made.setAttribute("role", "alert");
    made.textContent = text;
    document.getElementById("notices").append(made);
    setTimeout(() => made.remove(), 8000);
  };
  document.addEventListener("htmx:sendError", () => notice(words.unreachable, "danger"));
  document.addEventListener("htmx:timeout", () => notice(words.unreachable, "danger"));
  document.addEventListener("headrace:said", (event) => notice(event.detail.value, "success"));

  // --- copying ---------------------------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = button.parentElement.querySelector("input");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {  // not a secure context: the old way
      field?.select();
      document.execCommand("copy");
    }
    notice(words.copied, "success");
  });

  // --- a file whose text goes into a field: <input type="file" data-into="#text"> -------------
  document.addEventListener("change", async (event) => {
    const into = event.target.dataset?.into;
    if (into && event.target.files.length)
      document.querySelector(into).value = await event.target.files[0].text();
  });

  // --- a filter over what is on the page: <input data-filter="#list > *"> --------------------
  const filter = (input) => {
    const text = input.value.trim().toLocaleLowerCase();
    for (const one of document.querySelectorAll(input.dataset.filter))
      one.hidden = !one.textContent.toLocaleLowerCase().includes(text);
    for (const group of document.querySelectorAll("details.subject")) {
      group.hidden = !group.querySelector(".one-table:not([hidden])");
      if (text && !group.hidden) group.open = true;
    }
  };
  document.addEventListener("input", (event) => { if (event.target.dataset?.filter) filter(event.target); });
  document.addEventListener("htmx:afterSwap", () => {  // what has come is filtered as well
    for (const input of document.querySelectorAll("[data-filter]")) if (input.value) filter(input);
  });

  // --- what somebody chooses in a part of a form while its new version is on the way is kept -----
  const meanwhile = [];
  document.addEventListener("input", ({ target }) => {
    const coming = [...document.querySelectorAll(".htmx-request[hx-target^='#']")];
    if (!coming.some((one) => target.closest(one.getAttribute("hx-target")))) return;
    const { name, type, value, checked } = target;
    meanwhile.push({ name, type, value, checked });
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const { name, type, value, checked } of meanwhile.splice(0)) {
      const ticked = type === "radio" || type === "checkbox";
      const now = [...document.getElementsByName(name)].find((one) => !ticked || one.value === value);
      if (!now) continue;
      if (ticked) now.checked = checked;
      else now.value = value;
      now.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  // --- live parts wait while somebody is about to act on one: what is pressed, asked, selected or
  // on its way would be gone with the part ------------------------------------------------------
  const late = new Map();
  let pressed = false;
  const busy = () => pressed || document.querySelector("dialog[open], .htmx-request") || !getSelection().isCollapsed;
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const ended of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(ended, () => { pressed = false; });
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (!busy()) return void late.delete(event.target);
    event.preventDefault();
    late.set(event.target, event.detail.data);
  });
  setInterval(() => {
    if (!late.size || busy()) return;
    for (const [part, html] of late) if (part.isConnected) htmx.swap(part, html, { swapStyle: "innerHTML" });
    late.clear();
  }, 250);

  // --- groups of boxes: a button that ticks all or none, and how many are ticked -----------------
  const count = (group) => {
    const ticked = group.querySelectorAll("input:checked").length;
    group.querySelector("[data-count-checked]").textContent = ticked || "";
  };
  document.addEventListener("click", (event) => {
    const group = event.target.closest("[data-check-all]")?.closest("details");
    if (!group) return;
    const boxes = [...group.querySelectorAll(".one-table:not([hidden]) input")];
    const tick = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = tick;
    count(group);
  });
  document.addEventListener("change", (event) => {
    const group = event.target.closest("details.subject");
    if (group) count(group);
  });

  // --- parts that are shown while a field has a value: data-when="increments=webhook hybrid" ---
  const follow = () => {
    for (const part of document.querySelectorAll("[data-when]")) {
      const [name, values] = part.dataset.when.split("=");
      const field = document.querySelector(`[name="${name}"]:checked, select[name="${name}"]`);
      part.hidden = !values.split(" ").includes(field ? field.value : "");
    }
  };
  document.addEventListener("change", follow);

  // --- everything that comes onto the page ------------------------------------------------------
  const arrived = (root) => {
    tellTimes(root);
    follow();
    for (const dialog of root.querySelectorAll("dialog[data-open]")) if (!dialog.open) dialog.showModal();
    const code = root.querySelector("input[data-from-fragment]");
    if (code && location.hash) {
      code.value = location.hash.slice(1);
      history.replaceState(null, "", location.pathname);
    }
  };
  document.addEventListener("htmx:load", (event) => arrived(event.detail.elt.parentElement || document));
  arrived(document);
  setInterval(() => tellTimes(document), 10000);
})();
