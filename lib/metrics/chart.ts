/**
 * A chart of the last minutes as SVG, which a screen reader is told in words.
 *
 * @module
 */
import { area, curveStepAfter, line } from "d3-shape";
import { type Html, markup } from "./html.ts";

const width = 320, height = 90, headroom = 6;

/**
 * @param title what is counted
 * @param values one for each piece of time, the newest last
 * @param words what the values come to
 */
export function chart(
  title: string,
  values: readonly number[],
  words: string,
): Html {
  const most = Math.max(1, ...values);
  const x = (i: number) => i * width / Math.max(1, values.length);
  const y = (value: number) => height - value * (height - headroom) / most;
  // The last value lasts as long as the others.
  const points = [...values, values.at(-1) ?? 0];
  const outline = line((_: number, i: number) => x(i), y).curve(curveStepAfter);
  const below = area((_: number, i: number) => x(i), height, y).curve(
    curveStepAfter,
  );
  return markup`
    <figure>
      <svg viewBox="0 0 ${width} ${height}" role="img"
        aria-label="${title}: ${words}" preserveAspectRatio="none">
        <path class="below" d="${below(points) ?? ""}" />
        <path class="line" d="${outline(points) ?? ""}" />
      </svg>
      <figcaption><b>${title}</b> <span>${words}</span></figcaption>
    </figure>
  `;
}
