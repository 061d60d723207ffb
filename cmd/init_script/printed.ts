/**
 * The parts of an installation as text, for who puts them in place by hand.
 *
 * @module
 */
import type { Part } from "../../lib/service/service.ts";

/** One file's text as it is; several parts each under a heading with its path. */
export function printed(parts: readonly Part[]): string {
  const texts = parts.filter(({ kind }) => kind === "file" || kind === "line");
  const [only] = texts;
  if (texts.length === 1) return textOf(only).trimEnd();
  return parts.map((part) => `${headingOf(part)}\n${textOf(part)}`)
    .join("\n").trimEnd();
}

function headingOf(part: Part): string {
  switch (part.kind) {
    case "file":
      return `# ${part.path} (mode ${part.mode.toString(8)})`;
    case "folder":
      return `# ${part.path}/ (a folder, mode ${part.mode.toString(8)})`;
    case "link":
      return `# ${part.path} -> ${part.to}`;
    case "line":
      return `# ${part.path} (a line in it)`;
  }
}

const textOf = (part: Part): string =>
  part.kind === "file" || part.kind === "line"
    ? `${part.text.trimEnd()}\n`
    : "";
