// Charts from JSON: { series: [{ title, points: [[ms, value], ...] }], unit } drawn by ECharts;
// titles are { zh, en }.
// Tooltips are drawn, not written as HTML: names come from people.
(() => {
  "use strict";
  const drawn = new Map();
  const page = document.documentElement;
  const say = (title) => title[page.lang.startsWith("zh") ? "zh" : "en"];
  const colours = ["#1698ad", "#2fb344", "#f59f00", "#d63939", "#ae3ec9", "#4263eb", "#74b816", "#d6336c"];

  const lines = (data, stacked) => ({
    legend: { top: 0, type: "scroll" },
    grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "time", axisLabel: { hideOverlap: true } },
    yAxis: { type: "value", name: say(data.unit), minInterval: stacked ? 1 : undefined },
    series: data.series.map((one) => ({
      name: say(one.title), type: stacked ? "bar" : "line", stack: stacked ? "all" : undefined,
      showSymbol: false, smooth: !stacked, areaStyle: stacked ? undefined : { opacity: 0.12 }, data: one.points,
    })),
  });
  const bars = (data) => ({
    grid: { left: 8, right: 24, top: 8, bottom: 8, containLabel: true },
    legend: data.series.length > 1 ? { bottom: 0 } : undefined,
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } },
    xAxis: { type: "value", minInterval: 1 },
    yAxis: { type: "category", inverse: true, data: data.names },
    series: data.series.map((one) => ({ name: say(one.title), type: "bar", stack: "all", data: one.values })),
  });
  const KINDS = { lines: (data) => lines(data, false), stacks: (data) => lines(data, true), bars };

  const draw = async (place) => {
    const answer = await fetch(place.dataset.url, { headers: { accept: "application/json" } });
    if (!answer.ok || !place.isConnected) return;
    const data = await answer.json();
    let chart = drawn.get(place);
    if (!chart) {
      chart = echarts.init(place, page.dataset.bsTheme === "dark" ? "dark" : null, { renderer: "svg" });
      drawn.set(place, chart);
      new ResizeObserver(() => chart.resize()).observe(place);
    }
    chart.setOption({
      aria: { enabled: true }, backgroundColor: "transparent", color: colours,
      animationDuration: 200, ...KINDS[place.dataset.chart](data),
    });
  };
  const all = () => document.querySelectorAll("[data-chart]").forEach(draw);
  document.addEventListener("headrace:theme", () => {
    for (const chart of drawn.values()) chart.dispose();
    drawn.clear();
    all();
  });
  document.addEventListener("htmx:load", all);
  setInterval(() => { if (!document.hidden) all(); }, 10000);
  all();
})();
