/**
 * Text that becomes HTML: whatever is put into a template is escaped, but for
 * what is HTML already.
 *
 * @module
 */

/** HTML that may be put into other HTML as it is. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template. */
type Part = string | number | Html | readonly Html[] | null;

const escapes: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template: ``markup`<b>${name}</b>` ``; null is nothing. */
export function markup(
  fixed: TemplateStringsArray,
  ...parts: readonly Part[]
): Html {
  return new Html(
    fixed.map((text, i) => text + asText(parts[i] ?? null)).join(""),
  );
}

function asText(part: Part): string {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(({ text }) => text).join("");
  const text = String(part);
  return /[&<>"']/.test(text)
    ? text.replace(/[&<>"']/g, (c) => escapes[c])
    : text;
}
