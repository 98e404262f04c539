import { bitsByGroup, type Chart, psnrByFrame, rateDistortion, show } from "./charts.js";
import type { ReportData } from "./report-data.js";
import { readTheme, type Theme } from "./theme.js";

const CHARTS: Readonly<Record<string, (data: ReportData, theme: Theme) => Chart>> = {
  "psnr-by-frame": psnrByFrame,
  "bits-by-group": bitsByGroup,
  "rate-distortion": rateDistortion,
};

const data: ReportData = JSON.parse(document.getElementById("report-data")?.textContent ?? "{}");

let drawn = new AbortController();
function draw(): void {
  drawn.abort();
  drawn = new AbortController();
  const theme = readTheme();
  for (const [id, make] of Object.entries(CHARTS)) {
    const place = document.getElementById(id);
    if (place !== null) show(place, make(data, theme), drawn.signal);
  }
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

for (const slider of document.querySelectorAll<HTMLInputElement>(".pair input")) {
  const pair = slider.closest<HTMLElement>(".pair");
  const follow = () => pair?.style.setProperty("--split", `${slider.value}%`);
  slider.addEventListener("input", follow);
  follow();
}
