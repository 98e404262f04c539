/** Colors of the style sheet, for drawing on a canvas. */
export interface Theme {
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  /** Color of the asset, then of each other codec. */
  readonly series: readonly string[];
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: color("--ink"),
    faint: color("--faint"),
    grid: color("--grid"),
    series: [1, 2, 3, 4].map((number) => color(`--series-${number}`)),
  };
}
