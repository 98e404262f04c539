import { bitsByGroup, type Chart, psnrByFrame, rateDistortion, showChart } from "./charts.js";
import type { ReportData } from "./report-data.js";
import { readTheme, type Theme } from "./theme.js";

const CHARTS: Readonly<Record<string, (data: ReportData, theme: Theme) => Chart>> = {
  "psnr-by-frame": psnrByFrame,
  "bits-by-group": bitsByGroup,
  "rate-distortion": rateDistortion,
};

const data: ReportData = JSON.parse(document.getElementById("report-data")?.textContent ?? "{}");

let charts = new AbortController();
function draw(): void {
  charts.abort();
  charts = new AbortController();
  const theme = readTheme();
  for (const [id, createChart] of Object.entries(CHARTS)) {
    const container = document.getElementById(id);
    if (container !== null) showChart(container, createChart(data, theme), charts.signal);
  }
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

for (const slider of document.querySelectorAll<HTMLInputElement>(".pair input")) {
  const pair = slider.closest<HTMLElement>(".pair");
  const updateSplit = () => pair?.style.setProperty("--split", `${slider.value}%`);
  slider.addEventListener("input", updateSplit);
  updateSplit();
}
