// Before anything is painted: the system's colours, where nothing else was chosen.
(() => {
  const page = document.documentElement;
  if (page.dataset.theme !== "auto") return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    page.dataset.bsTheme = dark.matches ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("headrace:theme"));
  };
  dark.addEventListener("change", follow);
  follow();
})();
