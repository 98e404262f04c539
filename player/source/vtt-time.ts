/** Seconds of `[hh:]mm:ss.mmm`; undefined where it is no time (WebVTT, 4.3). */
export function parseVttTime(text: string): number | undefined {
  const [, h, m, s] = /^(?:(\d+):)?(\d{2}):(\d{2}(?:\.\d{1,3})?)$/.exec(text) ?? [];
  return m === undefined || s === undefined ? undefined : Number(h ?? 0) * 3600 + Number(m) * 60 + Number(s);
}
